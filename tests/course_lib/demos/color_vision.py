"""How far apart two colors look to people with normal and with limited color vision, and contrast of text.

Limited vision is simulated with the matrices of Machado, Oliveira & Fernandes 2009, "A Physiologically-based
Model for Simulation of Color Vision Deficiency", table 1, severity 1.0; they hold for linear RGB. Distance is
CIEDE2000 (Sharma, Wu & Dalal 2005), where about 1 is just seen side by side. Contrast is that of WCAG 2.2.
"""

import numpy as np

VISIONS = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # of sRGB


def linear(color: str) -> np.ndarray:
    """Linear RGB in [0, 1] of a color "#RRGGBB"."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(color: str, other: str = "#FFFFFF") -> float:
    """Contrast ratio of two colors, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted(float(_XYZ[1] @ linear(c)) for c in (color, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear RGB."""
    t = _XYZ @ rgb / _XYZ.sum(1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(color: str, other: str, vision: str) -> float:
    """CIEDE2000 between two colors as they look with a kind of VISIONS."""
    seen = [lab(np.clip(np.array(VISIONS[vision]) @ linear(c), 0, 1)) for c in (color, other)]
    return ciede2000(*seen)


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """Equations 2 to 22 of Sharma, Wu & Dalal 2005, for two colors in CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    by_l = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    by_c = (c2 - c1) / (1 + 0.045 * chroma)
    by_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t)
    rotated = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotated *= -np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(by_l**2 + by_c**2 + by_h**2 + rotated * by_c * by_h))
