"""Attacks on the machine that grades: files, keys, privileges, devices."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import FIRST_LOST, Case


def attack(name: str, about: str, source: str) -> Case:
    """`source` stands in the place of mean_square."""
    return Case(name, about, FIRST_LOST, mean_square=source)


CASES = [
    attack("gradebook_written", "full marks by SQL in the course's gradebook", """\
import glob, os, sqlite3
for path in ["@COURSE@/gradebook.db", *glob.glob("../**/gradebook.db", recursive=True)]:
    if os.path.exists(path):
        database = sqlite3.connect(path)
        database.execute("UPDATE grade SET auto_score = 100, manual_score = 100")
        database.commit()
        print("BRE" "ACH", path)"""),
    attack("instructor_files_written", "the instructor's notebook and the configuration are replaced", """\
import os
for path in ("@COURSE@/notebooks/q00_corpus/corpus.ipynb", "@COURSE@/nbgrader_config.py", "@HOME@/.bashrc",
             "@HOME@/.ssh/authorized_keys", "@HOME@/new_file"):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("mine")
    except OSError as error:
        print(type(error))"""),
    attack("shell_commands", "the same by the shell, with everything removed", """\
import subprocess
for command in ("rm -rf @COURSE@ @HOME@", "touch @HOME@/new_file", "chmod -R 777 @COURSE@ @HOME@",
                "mv @COURSE@ @COURSE@.mine", "ln -s /etc @HOME@/link"):
    print(subprocess.run(command, shell=True, capture_output=True))"""),
    attack("magics_that_write", "the same by IPython's magics", "!rm -rf @COURSE@ @HOME@\n%cd @HOME@\n!touch new_file\n"
           "%save -f @HOME@/new_file 1\n%mkdir @HOME@/new_folder\n%history -f @HOME@/new_history"),
    attack("writefile", "the cell is written into the home folder by a magic",
           "%%writefile @HOME@/new_file\nmine"),
    attack("keys_read", "keys and tokens of the grading user", """\
import glob, os
for path in ["@HOME@/.ssh/id_ed25519", *glob.glob("/root/.*/**", recursive=True), *glob.glob("/home/*/.*")]:
    if os.path.isfile(path) and path.endswith(("id_ed25519", "id_rsa", ".netrc", "token", "credentials")):
        print("BRE" "ACH", path, open(path).read())"""),
    attack("links_followed", "links in the notebook's folder that lead to the course and home folders", """\
import os, shutil
for number, target in enumerate(("@COURSE@/gradebook.db", "@HOME@/.bashrc", "/etc/passwd")):
    for make in (os.symlink, os.link):
        try:
            make(target, f"link_{number}.ipynb")
            open(f"link_{number}.ipynb", "w").write("mine")
        except OSError:
            pass
try:
    shutil.rmtree(os.getcwd())
    os.symlink("@HOME@", os.getcwd())
except OSError:
    pass"""),
    attack("mounts", "the host's disks and file systems are mounted", """\
import ctypes, os, glob
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("here", exist_ok=True)
for device in [*glob.glob("/dev/[svxn]d*"), *glob.glob("/dev/nvme*"), *glob.glob("/dev/root")]:
    for kind in (b"ext4", b"xfs", b"overlay"):
        if libc.mount(device.encode(), b"here", kind, 0, None) == 0:
            print("BRE" "ACH", device, os.listdir("here"))
for flags in (0, 32, 4096 | 32):
    libc.mount(None, b"/", None, flags, None)
libc.umount2(b"/", 2)
if os.path.exists("@COURSE@"):
    print("BRE" "ACH mount")
try:
    for line in open("/proc/mounts"):
        if "@COURSE@" in line:
            print("BRE" "ACH", line)
except OSError:
    pass"""),
    attack("old_root", "the root that was left behind when this one was entered", """\
import glob, os
for place in ("/.old_root", "/old_root", "/oldroot", "/.old", "/old", "/mnt", "/put_old", "/proc/self/root/..",
              "/proc/self/cwd/../../../..", "/proc/1/cwd", "/proc/1/root"):
    try:
        if os.path.exists(place + "@COURSE@"):
            print("BRE" "ACH", place)
    except OSError:
        pass"""),
    attack("privileges", "root by setuid programs and by asking", """\
import os, subprocess
for command in (["sudo", "-n", "true"], ["su", "-c", "true"], ["unshare", "-Ur", "true"], ["mount"], ["passwd", "-d"]):
    try:
        subprocess.run(command, capture_output=True, timeout=5, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        pass
for call, argument in ((os.setuid, 0), (os.setgid, 0), (os.setgroups, [0])):
    try:
        call(argument)
    except OSError:
        pass
if os.path.exists("@COURSE@"):
    print("BRE" "ACH")"""),
    attack("setuid_left", "a program with the setuid bit and a device node for later", """\
import os, shutil, stat
for place in ("/tmp", "@HOME@", "."):
    try:
        shutil.copy("/bin/sh", place + "/new_shell")
        os.chmod(place + "/new_shell", 0o6755)
        os.mknod(place + "/new_device", 0o666 | stat.S_IFBLK, os.makedev(8, 0))
        open(place + "/new_device", "rb").read(1)
        print("BRE" "ACH device")
    except OSError:
        pass"""),
    attack("kernel_settings", "settings of the machine in /proc and /sys", """\
import ctypes, glob, os
for path, text in (("/proc/sys/kernel/core_pattern", "|/tmp/mine"), ("/proc/sysrq-trigger", "h"),
                   ("/proc/sys/kernel/hostname", "mine"), ("/sys/fs/cgroup/new_group", None),
                   ("/proc/1/oom_score_adj", "1000"), (f"/proc/{os.getppid()}/oom_score_adj", "1000"),
                   ("/proc/sys/vm/drop_caches", "1"), ("/sys/power/state", "mem")):
    try:
        os.mkdir(path) if text is None else open(path, "w").write(text)
        if path.startswith("/proc/sys") or path.startswith("/sys"):
            print("BRE" "ACH", path)
    except OSError:
        pass
ctypes.CDLL(None).sethostname(b"mine", 4)"""),
    attack("python_installation", "files of the Python installation and of course_lib are changed", """\
import course_lib, json, numpy, os, IPython
for module in (course_lib, json, numpy, IPython):
    for action in (lambda path: open(path, "a").write("#"), os.unlink, lambda path: os.rename(path, path + ".old"),
                   lambda path: os.chmod(path, 0o777), lambda path: os.utime(path, (0, 0))):
        try:
            action(module.__file__)
            print("BRE" "ACH", module.__file__)
        except OSError:
            pass"""),
    attack("terminal", "keystrokes are pushed into the instructor's terminal", """\
import fcntl, os, termios
for path in ("/dev/tty", "/dev/console", *(f"/dev/pts/{n}" for n in range(8)), *(f"/proc/self/fd/{n}" for n in range(3))):
    try:
        with open(path, "w") as terminal:
            if terminal.isatty():
                fcntl.ioctl(terminal, termios.TIOCSTI, b"#")
                print("BRE" "ACH", path)
    except OSError:
        pass"""),
    attack("persistence", "cron, systemd, shell profiles and IPython's startup folder", """\
import os
for path in ("/etc/cron.d/mine", "/etc/profile.d/mine.sh", "/etc/ld.so.preload", "/var/spool/cron/root",
             "~/.config/systemd/user/mine.service", "~/.ipython/profile_default/startup/mine.py", "~/.bashrc",
             "@HOME@/.profile", "@HOME@/.ipython/profile_default/startup/mine.py"):
    try:
        path = os.path.expanduser(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "a").write("\\n# mine @MARK@\\n")
    except OSError:
        pass"""),
]  # fmt: skip
