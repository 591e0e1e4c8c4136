import { WeftError } from '../errors.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import {
  type ControllerFrame,
  type ControllerFrameOf,
  checkControllerFrame,
  parseControllerFrame,
} from './frames.ts'

/**
 * What goes to every member at every change travels as bytes where the agent says that it reads them (`hello.packed`): a
 * third less than as JSON, for most of it is a body and a signature. The first byte is the kind, and never that of a JSON
 * object; then the signature, the body behind its length, and the other fields as JSON where there are any.
 */
const DELTA = 1
const SIGNATURE_BYTES = 64

/** A frame as bytes; undefined for one that travels as text only. */
export function packFrame(frame: ControllerFrame): Buffer | undefined {
  if (frame.type !== 'delta') return undefined
  const { type: _, body, signature, ...rest } = frame
  const [signed, content] = [fromBase64Url(signature), fromBase64Url(body)]
  if (signed?.length !== SIGNATURE_BYTES || !content) return undefined
  const writer = new ByteWriter().number(DELTA).raw(signed).block(content)
  const others = Object.keys(rest).length > 0 ? Buffer.from(JSON.stringify(rest)) : new Uint8Array()
  return Buffer.from(writer.raw(others).finish())
}

/** The frame that a controller sent, as text or as bytes. Throws `protocol-error` for anything else. */
export function readControllerFrame(message: Uint8Array): ControllerFrame {
  if (message[0] === DELTA) return checkControllerFrame(unpackDelta(new ByteReader(message)))
  return parseControllerFrame(Buffer.from(message.buffer, message.byteOffset, message.length).toString())
}

function unpackDelta(reader: ByteReader): ControllerFrameOf<'delta'> {
  reader.number()
  const signature = toBase64Url(reader.raw(SIGNATURE_BYTES))
  const body = toBase64Url(reader.block())
  return { ...othersIn(reader), type: 'delta', body, signature }
}

function othersIn(reader: ByteReader): object {
  if (!reader.hasMore) return {}
  try {
    const others: unknown = JSON.parse(Buffer.from(reader.rest()).toString())
    if (typeof others === 'object' && others !== null) return others
  } catch {
    // Said below, together with JSON that is no object.
  }
  throw new WeftError('protocol-error', 'What follows a packed frame is not a JSON object.')
}
