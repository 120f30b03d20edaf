"""Draws what `perf script` prints as a flame graph: perf script -i perf.data | flame.py >flame.svg

The width of a box is its share of all samples; it stands on the function that called it. Boxes of the kernel are blue,
of libraries yellow, of the server red. Pointing at one tells its name and share.
"""

import html
import re
import sys

WIDTH = 1600
ROW = 17
LETTER = 7.0  # Of the font, in the picture's units.
NARROWEST = 0.4
DEEPEST = 80

KERNEL, LIBRARY, SERVER = "#7a9fd6", "#e3c24a", "#e07a5f"


class Box:
    """A function as one chain of callers reached it."""

    def __init__(self, name, colour):
        self.name = name
        self.colour = colour
        self.samples = 0
        self.callees = {}

    def add(self, frames):
        self.samples += 1
        box = self
        for name, colour in frames[:DEEPEST]:
            box = box.callees.setdefault(name, Box(name, colour))
            box.samples += 1


def colour_of(place):
    if place.startswith("[") and place != "[unknown]":  # "[kernel.kallsyms]", or one of its modules.
        return KERNEL
    return LIBRARY if ".so" in place else SERVER


def read_samples(lines):
    """Frames of each sample, the outermost caller first. A line of a frame is "address function+offset (place)"."""
    frames = []
    for line in lines:
        frame = re.match(r"\s+[0-9a-f]+ (.*) \(([^()]*(?:\([^()]*\))?[^()]*)\)$", line.rstrip())
        if frame:
            name = re.sub(r"\+0x[0-9a-f]+$", "", frame.group(1))
            frames.append((shorten(name), colour_of(frame.group(2))))
        elif not line.strip() and frames:
            yield frames[::-1]
            frames = []
    if frames:
        yield frames[::-1]


def shorten(name):
    """Without its parameters and the noise of templates."""
    name = re.sub(r"\(anonymous namespace\)::", "", name)
    while True:
        shorter = re.sub(r"<[^<>]*>", "", name)
        if shorter == name:
            break
        name = shorter
    return re.sub(r"\(.*", "", name)


def depth_of(box):
    return 1 + max(map(depth_of, box.callees.values()), default=0)


def draw(root):
    rows = depth_of(root)
    height = rows * ROW + 2 * ROW
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
           'font-family="monospace" font-size="11">',
           f'<rect width="{WIDTH}" height="{height}" fill="#fcfcf8"/>',
           f'<text x="4" y="{ROW - 4}">{root.samples} samples</text>']
    draw_box(out, root, root.samples, 0.0, height - ROW)
    return "\n".join([*out, "</svg>"])


def draw_box(out, box, samples, left, top):
    width = box.samples / samples * WIDTH
    if width < NARROWEST:
        return
    name = html.escape(box.name)
    letters = int((width - 4) / LETTER)
    label = html.escape(box.name[:letters]) if letters >= 3 else ""
    out.append(f'<g><title>{name}: {box.samples / samples:.1%}</title>'
               f'<rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.3):.1f}" height="{ROW - 1}" fill="{box.colour}"/>'
               f'<text x="{left + 3:.1f}" y="{top + ROW - 5}">{label}</text></g>')
    for callee in sorted(box.callees.values(), key=lambda one: one.name):
        draw_box(out, callee, samples, left, top - ROW)
        left += callee.samples / samples * WIDTH


def main():
    root = Box("all", SERVER)
    for frames in read_samples(sys.stdin):
        root.add(frames)
    if root.samples == 0:
        sys.exit("no samples on the standard input: perf script -i perf.data | flame.py >flame.svg")
    print(draw(root))


if __name__ == "__main__":
    main()
