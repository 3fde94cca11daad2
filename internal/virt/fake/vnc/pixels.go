package vnc

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// A pixelFormat is how a client wants its pixels (RFC 6143, section 7.4).
type pixelFormat struct {
	bits      byte // of a pixel: 8, 16 or 32
	bigEndian bool
	max       [3]uint16 // of red, green and blue
	shift     [3]uint8
}

// pixelFormatSize is in bytes.
const pixelFormatSize = 16

// trueColor is the format of clients that ask for none.
var trueColor = pixelFormat{bits: 32, max: [3]uint16{255, 255, 255}, shift: [3]uint8{16, 8, 0}}

// encode writes the format as the server's first message has it: 16 bytes, of
// which the last three are padding.
func (f pixelFormat) encode() []byte {
	const depth, isTrueColor = 24, 1
	encoded := []byte{f.bits, depth, 0, isTrueColor}
	for _, most := range f.max {
		encoded = binary.BigEndian.AppendUint16(encoded, most)
	}
	return append(encoded, f.shift[0], f.shift[1], f.shift[2], 0, 0, 0)
}

// decodePixelFormat reads the 16 bytes that a client asks for. Formats with a
// palette are refused, which no client of today wants; so is any other size of a
// pixel than one, two or four bytes.
func decodePixelFormat(b []byte) (pixelFormat, error) {
	f := pixelFormat{bits: b[0], bigEndian: b[2] != 0}
	if f.bits != 8 && f.bits != 16 && f.bits != 32 || b[3] == 0 {
		return f, fmt.Errorf("pixels of %d bits, true color %d, can't be sent", b[0], b[3])
	}
	for i := range f.max {
		f.max[i] = binary.BigEndian.Uint16(b[4+2*i:])
		f.shift[i] = b[10+i] & 31
	}
	return f, nil
}

// pixel is a color in the client's format. Each part of the color is scaled to the
// range that the client gives it, and moved to its place.
func (f pixelFormat) pixel(c color.RGBA) []byte {
	const most = 255
	var value uint32
	for i, part := range [3]uint8{c.R, c.G, c.B} {
		value |= uint32(part) * uint32(f.max[i]) / most << f.shift[i]
	}
	const bitsPerByte = 8
	encoded := make([]byte, 4)
	if f.bigEndian {
		binary.BigEndian.PutUint32(encoded, value)
		return encoded[4-f.bits/bitsPerByte:]
	}
	binary.LittleEndian.PutUint32(encoded, value)
	return encoded[:f.bits/bitsPerByte]
}

var (
	paper = color.RGBA{0x10, 0x18, 0x20, 0xff}
	ink   = color.RGBA{0xd0, 0xe0, 0xd0, 0xff}
)

// pixels is one row of text, drawn. It takes Width × cellHeight pixels, in the
// order of a raw rectangle: 29 kB with four bytes each. Text is drawn without
// smoothing, so a pixel is either ink or paper.
func (f pixelFormat) pixels(line string) []byte {
	bitmap := image.NewAlpha(image.Rect(0, 0, Width, cellHeight))
	drawer := font.Drawer{Dst: bitmap, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, basicfont.Face7x13.Ascent)}
	drawer.DrawString(line)
	dark, light := f.pixel(paper), f.pixel(ink)
	encoded := make([]byte, 0, len(bitmap.Pix)*len(dark))
	for _, alpha := range bitmap.Pix {
		// The font has no shades.
		if alpha > 0 {
			encoded = append(encoded, light...)
		} else {
			encoded = append(encoded, dark...)
		}
	}
	return encoded
}
