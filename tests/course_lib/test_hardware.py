import pytest

from course_lib.hardware import GPUS, LINKS, ethernet_payload, gpu, link, pcie_bandwidth

# SMs, CUDA cores an SM, boost clock in GHz (tensor clock where it differs), FP16 tensor FLOP per SM and clock
# with FP32 accumulation, memory bus in bits, data rate in Gb/s a pin: NVIDIA's architecture whitepapers.
CHIPS = {
    "RTX 3070 8GB": (46, 128, 1.725, 1.725, 512, 256, 14),
    "RTX 4070 Ti 12GB": (60, 128, 2.61, 2.61, 512, 192, 21),
    "RTX 4060 Ti 16GB": (34, 128, 2.535, 2.535, 512, 128, 18),
    "RTX 4080 16GB": (76, 128, 2.505, 2.505, 512, 256, 22.4),
    "T4 16GB": (40, 64, 1.59, 1.59, 1024, 256, 10),
    "V100 16GB": (80, 64, 1.53, 1.53, 1024, 4096, 1.755),
    "V100 32GB": (80, 64, 1.53, 1.53, 1024, 4096, 1.755),
    "L4 24GB": (58, 128, 2.04, 2.04, 1024, 192, 12.5),
    "L40S 48GB": (142, 128, 2.52, 2.49, 1024, 384, 18),
    "A100 40GB": (108, 64, 1.41, 1.41, 2048, 5120, 2.43),
    "A100 80GB": (108, 64, 1.41, 1.41, 2048, 5120, 3.186),
    "H100 SXM 80GB": (132, 128, 1.98, 1.83, 4096, 5120, 5.234),
    "H200 141GB": (132, 128, 1.98, 1.83, 4096, 6144, 6.25),
}


@pytest.mark.parametrize("name", GPUS)
def test_stated_rates_follow_from_the_chip(name):
    """Two independent statements of the maker must agree: the datasheet's rates and the whitepaper's chip."""
    sms, cores, boost, tensor_clock, per_clock, bus, data_rate = CHIPS[name]
    card = gpu(name)
    assert card.fp32 == pytest.approx(sms * cores * 2 * boost * 1e9, rel=0.01)
    assert card.fp16 == pytest.approx(sms * per_clock * tensor_clock * 1e9, rel=0.01)
    assert card.memory_bandwidth == pytest.approx(bus / 8 * data_rate * 1e9, rel=0.005)


def test_every_gpu_of_the_table_is_checked_against_its_chip():
    assert GPUS.keys() == CHIPS.keys()


@pytest.mark.parametrize("card", GPUS.values(), ids=GPUS)
def test_a_gpu_has_plausible_figures_with_a_source_and_links_that_exist(card):
    assert card.source
    assert card.memory_bytes == int(card.name.split()[-1].removesuffix("GB")) * 10**9
    assert card.bf16 in (None, card.fp16)
    assert card.int8 is None or 1.99 <= card.int8 / card.fp16 <= 4.01
    link(card.host_link)
    assert card.peer_link is None or link(card.peer_link).peak > link(card.host_link).peak


@pytest.mark.parametrize("connection", LINKS.values(), ids=LINKS)
def test_a_link_never_delivers_more_than_its_signaling(connection):
    assert connection.source
    assert (connection.typical is None) == (connection.typical_source == "")
    assert connection.typical is None or 0.75 * connection.peak < connection.typical < connection.peak


def test_the_ridge_point_is_rate_over_bandwidth():
    assert gpu("A100 80GB").ridge_point() == pytest.approx(312e12 / 2039e9)
    assert gpu("A100 80GB").ridge_point("fp32") == pytest.approx(19.5e12 / 2039e9)
    assert gpu("T4 16GB").ridge_point("int8") == pytest.approx(130e12 / 320e9)


def test_a_rate_that_is_not_stated_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"T4 16GB has no stated rate for 'bf16'; stated: fp32, fp16, int8"):
        gpu("T4 16GB").ridge_point()
    with pytest.raises(ValueError, match="int4"):
        gpu("A100 80GB").rate("int4")


@pytest.mark.parametrize(("generation", "published"), [(3, 15.754e9), (4, 31.508e9), (5, 63.015e9)])
def test_pcie_bandwidth_is_the_published_one_and_scales_with_lanes(generation, published):
    assert pcie_bandwidth(generation) == pytest.approx(published, rel=1e-4)
    assert pcie_bandwidth(generation, 8) == pcie_bandwidth(generation) / 2


@pytest.mark.parametrize("wrong", [(2, 16), (6, 16), (4, 3), (4, 0)])
def test_a_pcie_that_the_formula_does_not_cover_is_refused(wrong):
    with pytest.raises(ValueError, match="PCIe generation"):
        pcie_bandwidth(*wrong)


def test_gigabit_ethernet_carries_the_well_known_118_megabytes():
    assert ethernet_payload(1e9) == pytest.approx(118.66e6, rel=1e-4)


@pytest.mark.parametrize("lookup", [gpu, link])
def test_an_unknown_name_is_answered_with_the_known_ones(lookup):
    with pytest.raises(ValueError, match=r"unknown .* 'Voodoo 2'; known: .*\d"):
        lookup("Voodoo 2")
