"""What JupyterHub must know of the course; a hub's own jupyterhub_config.py loads it (docs/hub.md).

load_subconfig("/srv/workbook/course_lib/commands/lab_settings/jupyterhub_config.py")
"""

import os
from pathlib import Path

SETTINGS = Path(__file__).resolve().parent
ROOT = SETTINGS.parents[2]

c = get_config()  # noqa: F821  JupyterHub provides get_config

# Without .venv the course lies in the environment that the hub starts its servers from, as TLJH's.
if (ROOT / ".venv").is_dir():
    c.Spawner.cmd = [str(ROOT / ".venv" / "bin" / "python"), "-m", "jupyterhub.singleuser"]
c.Spawner.args = [
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    f"--LabApp.app_settings_dir={SETTINGS}",
]
folders = [SETTINGS / "student"]
c.Spawner.environment = {"PYTHONNOUSERSITE": "1"}  # packages of a user's own would stand before the course's
if drop := os.environ.get("COURSE_DROP"):
    c.Spawner.environment["COURSE_DROP"] = drop
if exchange := os.environ.get("COURSE_EXCHANGE"):
    c.Spawner.environment["COURSE_EXCHANGE"] = exchange
    folders.insert(0, SETTINGS / "exchange")
c.Spawner.environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(map(str, folders))

# The server's extension brings the notebooks to ~/workbook.
c.Spawner.notebook_dir = "~"
c.Spawner.default_url = "/lab/tree/workbook/start.md"

# Seconds. Ten servers at once took 45 on two busy cores.
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# Obeyed by SystemdSpawner (TLJH), DockerSpawner and KubeSpawner; the local one takes no limits.
c.Spawner.mem_limit = "2G"
