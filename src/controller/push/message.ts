import { type ControllerFrame, encodeFrame } from '../../protocol/frames.ts'
import { packFrame } from '../../protocol/packed.ts'

/** A message of a websocket. */
export interface Parcel {
  readonly bytes: Buffer
  readonly isBinary: boolean
}

/** A frame for all sessions that need it, encoded once: as text, and as bytes where those are shorter. */
export class Message {
  readonly #text: Parcel
  readonly #packed: Parcel

  constructor(frame: ControllerFrame) {
    this.#text = { bytes: Buffer.from(encodeFrame(frame)), isBinary: false }
    const packed = packFrame(frame)
    this.#packed = packed ? { bytes: packed, isBinary: true } : this.#text
  }

  /** Bytes that it keeps. */
  get size(): number {
    const [text, packed] = [this.#text.bytes.length, this.#packed.bytes.length]
    return this.#packed === this.#text ? text : text + packed
  }

  /** @param readsPacked whether the agent has said that it reads packed frames */
  for(readsPacked: boolean): Parcel {
    return readsPacked ? this.#packed : this.#text
  }
}
