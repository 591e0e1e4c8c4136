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
  readonly #makeWhole: (() => ControllerFrame) | undefined
  #whole: Message | undefined

  /** @param makeWhole the same for agents that do not read a filter in parts, where this is one */
  constructor(frame: ControllerFrame, makeWhole?: () => ControllerFrame) {
    this.#makeWhole = makeWhole
    this.#text = { bytes: Buffer.from(encodeFrame(frame)), isBinary: false }
    const packed = packFrame(frame)
    this.#packed = packed ? { bytes: packed, isBinary: true } : this.#text
  }

  /** Bytes that it keeps, but for those of older agents. */
  get size(): number {
    const [text, packed] = [this.#text.bytes.length, this.#packed.bytes.length]
    return this.#packed === this.#text ? text : text + packed
  }

  /** @param readsPacked whether the agent has said that it reads packed frames, and `readsParts` filters in parts */
  for(readsPacked: boolean, readsParts = true): Parcel {
    if (!readsParts && this.#makeWhole) {
      this.#whole ??= new Message(this.#makeWhole())
      return this.#whole.for(readsPacked)
    }
    return readsPacked ? this.#packed : this.#text
  }
}
