import { fstatSync, fsyncSync, writeSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { WeftError } from '../errors.ts'
import { faultLines } from './faultlines.ts'
import { reasonFor } from './writing.ts'

const { stdout } = process

/**
 * Ends the program as soon as something cannot be written on stdout: half of an answer must not pass for all of it. That its
 * reader left early, as `head` does, is no failure.
 */
export function watchStdout(): void {
  stdout.on('error', (cause) => (isLeft(cause) ? process.exit(0) : fail(cause)))
  const place = fstatSync(stdout.fd)
  if (stdout.isTTY || !(place.isFile() || place.isCharacterDevice())) return
  // Node.js takes a write for whole of which the system took a part, as it does when a disk gets full, and tells of one that
  // failed only later, when the program may have ended (lib/internal/fs/sync_write_stream.js).
  stdout._write = (chunk: Buffer, _encoding, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(stdout.fd, chunk, at)
    } catch (cause) {
      fail(cause)
    }
    done()
  }
}

/** Writes what is of use as a whole only: then that its reader left early is a failure too. */
export async function writeWhole(lines: AsyncIterable<string>): Promise<void> {
  stdout.prependListener('error', fail)
  await pipeline(Readable.from(lines), stdout, { end: false })
  await new Promise((done) => stdout.write('', done))
  if (fstatSync(stdout.fd).isFile()) syncOrFail()
}

/** Some file systems tell only then that they are full, or cannot be reached. */
function syncOrFail(): void {
  try {
    fsyncSync(stdout.fd)
  } catch (cause) {
    fail(cause)
  }
}

function fail(cause: unknown): never {
  const error = new WeftError('unsupported', `The output cannot be written: ${reasonFor(cause)}.`, {
    advice: 'What was written of it is cut off. Do not take it for the whole.',
  })
  process.stderr.write(faultLines(error))
  process.exit(1)
}

function isLeft(cause: Error): boolean {
  return 'code' in cause && cause.code === 'EPIPE'
}
