"""Reads the QR codes the gateway draws."""

from __future__ import annotations

import re

import zxingcpp
from PIL import Image


def read_qr_code(svg: bytes) -> str:
    """Draw the horizontal strokes segno writes and read them as a scanner would."""
    text = svg.decode()
    size = int(re.search(r'width="(\d+)"', text)[1]) // 4  # type: ignore[index]
    image = Image.new("L", (size * 8, size * 8), 255)
    x = y = 0.0
    for command, values in re.findall(r"([Mmhv])([-\d. ]+)", re.search(r' d="([^"]+)"', text)[1]):  # type: ignore[index]
        numbers = [float(value) for value in re.findall(r"-?[\d.]+", values)]
        if command == "h":
            box = (int(x * 8), int((y - 0.5) * 8), int((x + numbers[0]) * 8), int((y + 0.5) * 8))
            image.paste(0, box)
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
    return str(zxingcpp.read_barcodes(image)[0].text)
