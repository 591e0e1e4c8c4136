import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Something that must not be found, with a name that may be told. */
export interface Secret {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Where a secret was found. */
export interface Hit {
  readonly secret: string
  /** Path of the file, relative to the folder that was searched. */
  readonly file: string
}

/**
 * Searches all files of a folder, at any depth, for secrets in every form in which they could be written: as they are,
 * in hex, and in both kinds of base64, also as a part of something longer.
 */
export function findSecrets(folder: string, secrets: readonly Secret[]): Hit[] {
  const forms = secrets.flatMap(({ name, bytes }) => formsOf(bytes).map((form) => ({ name, form })))
  return filesIn(folder).flatMap((path) => {
    const content = readFileSync(path)
    const found = forms.filter(({ form }) => content.includes(form)).map(({ name }) => name)
    return [...new Set(found)].map((secret) => ({ secret, file: relative(folder, path) }))
  })
}

/** Paths of all files in a folder, at any depth. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
}

function formsOf(bytes: Uint8Array): Buffer[] {
  const core = coreOf(bytes)
  const hex = core.toString('hex')
  const encoded = [0, 1, 2].map((shift) => base64At(core, shift))
  const texts = [hex, hex.toUpperCase(), ...encoded, ...encoded.map(toUrlAlphabet)]
  return [core, ...texts.map((text) => Buffer.from(text))]
}

/** Clamping (RFC 7748 section 5) changes the first and the last byte of a key: what is between is in both kinds. */
function coreOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(1, -1))
}

/** The characters that depend on `core` alone when it begins `shift` bytes behind a multiple of three. */
function base64At(core: Buffer, shift: number): string {
  const skip = (3 - shift) % 3
  const whole = core.subarray(skip, skip + Math.floor((core.length - skip) / 3) * 3)
  return whole.toString('base64')
}

function toUrlAlphabet(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}
