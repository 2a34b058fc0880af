"""The kernels' benchmark measures one device where it is told to, and a GPU day's figures become a page."""

import json

import pytest

from benchmarks import kernel_gpu, kernel_page, kernels, launches
from course_lib import cuda

GPU_DAY = {
    "copy_GB_s": 4000.0,
    "cublas_TFLOP_s": {"float32": 50.0, "float16": 700.0},
    "kernels": [
        {"topic": "softmax", "kernel": "softmax_fused", "size": "16384 x 4096", "milliseconds": 0.15,
         "rate": 3600.0, "unit": "GB/s", "share": 0.9, "torch_milliseconds": 0.16, "cupy_milliseconds": 0.9},
    ],
}  # fmt: skip


@pytest.fixture
def gpu(monkeypatch):
    """As on a machine with a GPU and a processor, where nothing else than the GPU may be measured."""

    def untouched(*_):
        pytest.fail("the host was measured")

    monkeypatch.setattr(cuda, "available", lambda: "gpu")
    monkeypatch.setattr(
        kernels, "machine", lambda: {"processor": "Host 9000", "gpu": "NVIDIA Card 1", "cores": 2}
    )
    monkeypatch.setattr(kernel_gpu, "measure", lambda: GPU_DAY)
    monkeypatch.setattr(launches, "measure_gpu", lambda: {"on the GPU": 9.75})
    monkeypatch.setattr(kernels, "host", untouched)
    monkeypatch.setattr(kernels, "compile_times", untouched)
    monkeypatch.setattr(launches, "measure", untouched)


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_page, "ROOT", tmp_path)
    monkeypatch.setattr(kernel_page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(kernel_page, "PICTURES", tmp_path / "images")
    return tmp_path / "page.md"


def test_without_a_gpu_one_that_is_asked_for_is_missed_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cuda, "available", lambda: "host")
    assert kernels.main(["--only", "gpu", "--results", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.err == "course: There is no GPU here that CuPy can use; leave out --only gpu.\n"
    assert (said.out, list(tmp_path.iterdir())) == ("", [])


def test_the_figures_of_a_gpu_day_lie_in_its_folder_and_no_page_changes(gpu, page, tmp_path, capsys):
    assert kernels.main(["--only", "gpu", "--results", str(tmp_path / "out")]) == 0
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "kernels-nvidia-card-1.json"
    assert json.loads(written.read_text())["gpu"] == GPU_DAY
    assert capsys.readouterr().out.splitlines()[-1] == f"Written: {written}"
    assert not page.exists()


def test_moved_into_the_results_they_have_their_place_on_the_page(gpu, page, tmp_path):
    kernels.main(["--only", "gpu", "--results", str(tmp_path / "benchmarks" / "results")])
    kernel_page.write()
    text = page.read_text("utf-8")
    assert "## Host 9000, NVIDIA Card 1" in text
    assert "| softmax_fused | 16384 x 4096 | 0.150 | 3600.0 GB/s | 90% | 0.160 | 0.900 |" in text
    assert "| one launch of a kernel on 1,000 values | processor time, us |" in text
    assert "| on the GPU | 9.8 |" in text
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["ladder-nvidia-card-1-gpu.svg"]


@pytest.mark.needs("compiler")
def test_a_launch_in_a_process_that_lasts_costs_a_fraction_of_one_in_its_own():
    """20,000 launches may take 4 s of processor time, of this process and the kernel's together."""
    found = launches.measure()
    shared, copied = (found[f"in a process that lasts, arrays {how}"] for how in ("shared", "copied"))
    assert launches.LAUNCHES * 1e-6 * max(shared, copied) < 4
    assert 20 * copied < found["in a process for each launch"]
