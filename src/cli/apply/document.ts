import { readFileSync } from 'node:fs'
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Input } from '../../client/api.ts'
import { WeftError } from '../../errors.ts'

/** What a file holds, and where in it a field is. */
export interface Located<Value> {
  readonly value: Value
  /** The error, with the line of the field in front. */
  readonly locate: (error: WeftError, field: string) => WeftError
}

const ADVICE = "'weft apply --help' shows how one is written, 'weft apply --schema' makes editors check it."

/**
 * Reads YAML or JSON; whether it is what can be wanted, the controller says. Throws `invalid-input` for a file that cannot be
 * read, or is neither.
 */
export function readWanted(file: string): Located<Input<'apply'>['body']> {
  const counter = new LineCounter()
  const document = parseDocument(read(file), { lineCounter: counter, prettyErrors: false })
  const [fault] = document.errors
  if (fault) {
    const { line, col } = counter.linePos(fault.pos[0])
    throw unreadable(`${name(file)}, line ${line}, column ${col}: ${fault.message}.`, fault)
  }
  const value: unknown = document.toJS()
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unreadable(`${name(file)} must have 'networks', 'nodes' or both.`)
  return {
    value,
    locate: (error, field) => {
      const at = lineOf(document, counter, field)
      const where = at === undefined ? name(file) : `${name(file)}, line ${at}`
      return new WeftError(error.code, `${where}, ${field}: ${error.message}`, {
        field,
        advice: error.advice ?? ADVICE,
      })
    },
  }
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it is not there'
    throw new WeftError('invalid-input', `The file ${file} cannot be read: ${reason}.`, {
      field: '--file',
      cause,
    })
  }
}

function name(file: string): string {
  return file === '-' ? 'The standard input' : file
}

function unreadable(message: string, cause?: unknown): WeftError {
  return new WeftError('invalid-input', message, { field: '--file', advice: ADVICE, cause })
}

/** The line of the deepest part of `field` that is there. Keys may hold dots, so the longest that fits is taken. */
function lineOf(document: Document, counter: LineCounter, field: string): number | undefined {
  let here: unknown = document.contents
  let offset: number | undefined
  for (let parts = field.split('.'); parts.length > 0; ) {
    const found = childOf(here, parts)
    if (!found) break
    offset = found.offset
    here = found.value
    parts = parts.slice(found.used)
  }
  return offset === undefined ? undefined : counter.linePos(offset).line
}

interface Child {
  readonly value: unknown
  readonly offset: number | undefined
  /** How many parts of the field its key took. */
  readonly used: number
}

function childOf(parent: unknown, parts: readonly string[]): Child | undefined {
  if (isSeq(parent)) {
    const value = parent.items[Number(parts[0])]
    return value === undefined ? undefined : { value, offset: offsetOf(value), used: 1 }
  }
  if (!isMap(parent)) return undefined
  for (let used = parts.length; used > 0; used -= 1) {
    const key = parts.slice(0, used).join('.')
    const pair = parent.items.find((one) => isPair(one) && isScalar(one.key) && String(one.key.value) === key)
    if (pair) return { value: pair.value, offset: offsetOf(pair.key), used }
  }
  return undefined
}

function offsetOf(node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) ? Number(range[0]) : undefined
}
