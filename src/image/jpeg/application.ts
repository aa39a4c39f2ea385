// Application segments say how the numbers are meant: JFIF (APP0) that they are YCbCr, Adobe (APP14) which transform made
// them, Exif (APP1) how the camera was held. Headers too short for their name are refused, as Pillow does.
// Source: libjpeg `jdmarker.c` and `jdapimin.c`; Pillow `JpegImagePlugin.py`.
import type { Fault } from './fault.ts'
import type { ColourSpace, Frame } from './frame.ts'

const ascii = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0))
const JFIF = ascii('JFIF')
const EXIF = ascii('Exif\0\0')
const ADOBE = ascii('Adobe')
const ICC = ascii('ICC_PROFILE\0')

export class Application {
  /** TIFF data of the first Exif segment. */
  exif: Uint8Array | null = null
  private jfif = false
  private transform = -1 // -1: no Adobe segment

  /** @throws SailError E_JPEG_SEGMENT */
  read(marker: number, data: Uint8Array, place: string, fault: Fault): void {
    const expectLength = (least: number) => {
      if (data.length < least) throw fault('E_JPEG_SEGMENT', place, `${least} bytes or more`, `${data.length}`)
    }
    if (marker === 0xe0 && starts(data, JFIF)) {
      expectLength(7)
      if (data.length >= 14 && data[4] === 0) this.jfif = true
    } else if (marker === 0xe1 && starts(data, EXIF)) {
      this.exif ??= data.subarray(EXIF.length)
    } else if (marker === 0xe2 && starts(data, ICC)) {
      expectLength(14)
    } else if (marker === 0xee && starts(data, ADOBE)) {
      expectLength(7)
      if (data.length >= 12) this.transform = data[11]
    }
  }

  /** libjpeg's rules: JFIF means YCbCr, else Adobe's transform decides, else the component ids "RGB", else YCbCr. */
  colourSpace({ components }: Frame): ColourSpace {
    if (components.length === 1) return 'grey'
    if (components.length === 4) return this.transform <= 0 ? 'cmyk' : 'ycck'
    if (this.jfif) return 'ycc'
    if (this.transform >= 0) return this.transform === 0 ? 'rgb' : 'ycc'
    return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycc'
  }
}

function starts(data: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => data[i] === byte)
}
