"""GPUs and links: what their makers state, and where. GB is 1e9 bytes throughout.

Rates are dense (no structured sparsity); tensor-core rates accumulate in FP32, as PyTorch does. Memory is
the size on the label. A rate that a maker does not state is None.
"""

from dataclasses import dataclass

TERA = 1e12
GB = 10**9

VOLTA = "NVIDIA V100 datasheet (SXM2)"
TURING = "NVIDIA T4 Tensor Core GPU datasheet"
GA102 = "NVIDIA Ampere GA102 whitepaper, appendix A"
A100 = "NVIDIA A100 Tensor Core GPU datasheet (SXM)"
ADA = "NVIDIA Ada GPU architecture whitepaper, appendix A"
ADA_RATES = (
    "NVIDIA product page; tensor rates are SMs x boost clock x 512 FLOP (INT8: 2,048) of the Ada whitepaper"
)
L4 = "NVIDIA L4 datasheet, half the rate with sparsity"
L40S = "NVIDIA L40S datasheet"
H100 = "NVIDIA H100 datasheet (SXM), half the rate with sparsity"
H200 = "NVIDIA H200 datasheet (SXM), half the rate with sparsity"


@dataclass(frozen=True)
class GPU:
    """A GPU: memory in bytes, bandwidth of that memory in bytes/s, peak rates in FLOP/s (INT8: operations/s).

    `host_link` and `peer_link` are names in LINKS; a GPU without NVLink has no peer link.
    """

    name: str
    memory_bytes: int
    memory_bandwidth: float
    fp32: float
    fp16: float
    bf16: float | None
    int8: float | None
    host_link: str
    peer_link: str | None
    source: str

    def rate(self, precision: str) -> float:
        """Peak operations/s at "fp32", "fp16", "bf16" or "int8"; ValueError where none is stated."""
        rates = {name: getattr(self, name) for name in ("fp32", "fp16", "bf16", "int8")}
        stated = {name: rate for name, rate in rates.items() if rate is not None}
        if precision not in stated:
            raise ValueError(f"{self.name} has no stated rate for {precision!r}; stated: {', '.join(stated)}")
        return stated[precision]

    def ridge_point(self, precision: str = "bf16") -> float:
        """Operations per byte from which the arithmetic limits, not the memory: peak rate / bandwidth.

        Williams, Waterman and Patterson 2009 (roofline). Raises ValueError as `rate` does.
        """
        return self.rate(precision) / self.memory_bandwidth


@dataclass(frozen=True)
class Link:
    """A link in one direction: `peak` bytes/s from its signaling, `typical` bytes/s as measured or computed.

    `typical` is None where no source is named.
    """

    name: str
    peak: float
    source: str
    typical: float | None = None
    typical_source: str = ""


def pcie_bandwidth(generation: int, lanes: int = 16) -> float:
    """Bytes/s one way of PCI Express 3, 4 or 5: transfers/s x lanes x 128/130 / 8.

    PCI Express Base Specification: 8, 16 and 32 GT/s a lane, 128b/130b encoding. Packet headers take more.
    """
    if generation not in (3, 4, 5) or lanes not in (1, 2, 4, 8, 16):
        raise ValueError(
            f"PCIe generation 3, 4 or 5 with 1 to 16 lanes, not generation {generation} x{lanes}"
        )
    return 2.0**generation * 1e9 * lanes * 128 / 130 / 8


def ethernet_payload(bits_per_second: float) -> float:
    """Bytes/s of TCP payload over Ethernet with an MTU of 1,500: 1,460 of every 1,538 bytes on the wire.

    IEEE 802.3: 38 bytes of preamble, header, check sum and gap a frame; 40 bytes of IPv4 and TCP headers.
    """
    return bits_per_second / 8 * 1460 / 1538


def _gpu(
    name: str, memory: int, bandwidth: float, rates: tuple, host: str, peer: str | None, source: str
) -> GPU:
    """Rates in tera-operations/s: FP32, FP16, BF16, INT8; memory in GB; bandwidth in GB/s."""
    scaled = [rate if rate is None else rate * TERA for rate in rates]
    return GPU(name, memory * GB, bandwidth * GB, *scaled, f"PCIe {host}", peer and f"NVLink {peer}", source)


GPUS = {
    gpu.name: gpu
    for gpu in (
        _gpu("RTX 3070 8GB", 8, 448, (20.3, 40.6, 40.6, 162.6), "4.0 x16", None, GA102),
        _gpu("RTX 4070 Ti 12GB", 12, 504, (40.1, 80.2, 80.2, 320.7), "4.0 x16", None, ADA_RATES),
        _gpu("RTX 4060 Ti 16GB", 16, 288, (22.1, 44.1, 44.1, 176.5), "4.0 x8", None, ADA_RATES),
        _gpu("RTX 4080 16GB", 16, 716.8, (48.7, 97.5, 97.5, 389.9), "4.0 x16", None, ADA),
        _gpu("T4 16GB", 16, 320, (8.1, 65, None, 130), "3.0 x16", None, TURING),
        _gpu("V100 16GB", 16, 900, (15.7, 125, None, None), "3.0 x16", "2", VOLTA),
        _gpu("V100 32GB", 32, 900, (15.7, 125, None, None), "3.0 x16", "2", VOLTA),
        _gpu("L4 24GB", 24, 300, (30.3, 121, 121, 242.5), "4.0 x16", None, L4),
        _gpu("L40S 48GB", 48, 864, (91.6, 362.05, 362.05, 733), "4.0 x16", None, L40S),
        _gpu("A100 40GB", 40, 1555, (19.5, 312, 312, 624), "4.0 x16", "3", A100),
        _gpu("A100 80GB", 80, 2039, (19.5, 312, 312, 624), "4.0 x16", "3", A100),
        _gpu("H100 SXM 80GB", 80, 3350, (67, 989.5, 989.5, 1979), "5.0 x16", "4", H100),
        _gpu("H200 141GB", 141, 4800, (67, 989.5, 989.5, 1979), "5.0 x16", "4", H200),
    )
}

PCIE = "PCI Express Base Specification"
NVLINK = "half the bidirectional total that NVIDIA states for"
ETHERNET = "IEEE 802.3"
FRAMES = "TCP payload at an MTU of 1,500 (see ethernet_payload)"
PCIE_3_MEASURED = "CUDA sample bandwidthTest, pinned memory to a GeForce GTX 1650 SUPER: 12.4 GB/s"
PCIE_4_MEASURED = "Qureshi et al. 2023 (BaM); NVIDIA/nvbandwidth issue 42: 25.1 GB/s to an A100"
PCIE_5_MEASURED = "NVIDIA developer blog on NVbandwidth, host_to_device_memcpy_ce: 55.63 GB/s"

LINKS = {
    link.name: link
    for link in (
        Link("PCIe 3.0 x16", pcie_bandwidth(3), PCIE, 12.4e9, PCIE_3_MEASURED),
        Link("PCIe 4.0 x8", pcie_bandwidth(4, 8), PCIE),
        Link("PCIe 4.0 x16", pcie_bandwidth(4), PCIE, 25e9, PCIE_4_MEASURED),
        Link("PCIe 5.0 x16", pcie_bandwidth(5), PCIE, 55.6e9, PCIE_5_MEASURED),
        Link("NVLink 1", 80e9, f"{NVLINK} the P100, 160 GB/s"),
        Link("NVLink 2", 150e9, f"{NVLINK} the V100, 300 GB/s"),
        Link("NVLink 3", 300e9, f"{NVLINK} the A100, 600 GB/s"),
        Link("NVLink 4", 450e9, f"{NVLINK} the H100 and H200, 900 GB/s"),
        Link("NVLink 5", 900e9, f"{NVLINK} the B200, 1.8 TB/s"),
        Link("Ethernet 1 Gb/s", 125e6, ETHERNET, ethernet_payload(1e9), FRAMES),
        Link("Ethernet 10 Gb/s", 1.25e9, ETHERNET, ethernet_payload(10e9), FRAMES),
        Link("Ethernet 25 Gb/s", 3.125e9, ETHERNET, ethernet_payload(25e9), FRAMES),
        Link("Ethernet 100 Gb/s", 12.5e9, ETHERNET, ethernet_payload(100e9), FRAMES),
        Link("InfiniBand EDR", 12.5e9, "InfiniBand Trade Association roadmap, 4 lanes: 100 Gb/s"),
        Link("InfiniBand HDR", 25e9, "InfiniBand Trade Association roadmap, 4 lanes: 200 Gb/s"),
        Link("InfiniBand NDR", 50e9, "InfiniBand Trade Association roadmap, 4 lanes: 400 Gb/s"),
    )
}


def gpu(name: str) -> GPU:
    """The GPU of that name; ValueError with all names for another."""
    if name not in GPUS:
        raise ValueError(f"unknown GPU {name!r}; known: {', '.join(GPUS)}")
    return GPUS[name]


def link(name: str) -> Link:
    """The link of that name; ValueError with all names for another."""
    if name not in LINKS:
        raise ValueError(f"unknown link {name!r}; known: {', '.join(LINKS)}")
    return LINKS[name]
