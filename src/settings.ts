import { readFileSync } from 'node:fs'
import type Type from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { WeftError } from './errors.ts'
import { expectation, type ValueSchema } from './settings/expectation.ts'

/** Where settings come from besides the defaults in their schema; later ones win. */
export interface SettingSources {
  /** Path of a YAML file; it must exist when it is given. */
  readonly file?: string | undefined
  /** Usually `process.env`; only the names that belong to a setting are looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** By key, as the command line gave them: texts, lists of texts, and true or false for switches. */
  readonly flags: Readonly<Record<string, unknown>>
}

interface Given {
  readonly value: unknown
  /** How the user calls it there: `WEFT_DATA_DIR`, `--data-dir`. */
  readonly field: string
  /** Where it was given, as words: `in /etc/weft/agent.yaml`. */
  readonly origin: string
}

type Properties = Readonly<Record<string, ValueSchema>>

/**
 * Settings from defaults < file < environment < flags, whole and valid. Throws `invalid-config`, which names the setting,
 * where its value came from and what was expected; it never repeats the value, which may be a secret.
 */
export function loadSettings<Schema extends Type.TObject>(
  schema: Schema,
  sources: SettingSources,
): Type.Static<Schema> {
  const properties: Properties = schema.properties
  const given = new Map([
    ...fromFile(properties, sources.file),
    ...fromEnvironment(properties, sources.environment),
    ...fromFlags(properties, sources.flags),
  ])
  for (const [key, one] of given) checkOne(key, one, properties[key] ?? {})
  const values: unknown = Object.fromEntries(
    Object.entries(properties).map(([key, property]) => [key, given.get(key)?.value ?? property.default]),
  )
  if (Value.Check(schema, values)) return values
  throw new WeftError('invalid-config', 'A setting without a default is missing.')
}

/** The environment variable of a setting: `WEFT_DATA_DIR` for `dataDir`. */
export function environmentName(key: string): string {
  return `WEFT_${words(key, '_').toUpperCase()}`
}

/** The flag of a setting: `--data-dir` for `dataDir`. */
export function flagName(key: string): string {
  return `--${words(key, '-')}`
}

function words(key: string, separator: string): string {
  return key.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase())
}

function fromFile(properties: Properties, file: string | undefined): [string, Given][] {
  if (file === undefined) return []
  return Object.entries(readMapping(file)).map(([key, value]) => {
    if (!Object.hasOwn(properties, key)) throw unknownKey(properties, key, file)
    return [key, { value, field: key, origin: `in ${file}` }]
  })
}

function readMapping(file: string): object {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const advice = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''
    throw new WeftError('invalid-config', `The configuration file ${file} cannot be read.`, { advice, cause })
  }
  if (content === null || content === undefined) return {}
  if (typeof content === 'object' && !Array.isArray(content)) return content
  const advice = "Write one 'key: value' on each line."
  throw new WeftError('invalid-config', `The configuration file ${file} does not hold settings.`, { advice })
}

function unknownKey(properties: Properties, key: string, file: string): WeftError {
  return new WeftError('invalid-config', `There is no setting '${key}', which is in ${file}.`, {
    field: key,
    advice: `Known are: ${Object.keys(properties).join(', ')}.`,
  })
}

function fromEnvironment(
  properties: Properties,
  environment: SettingSources['environment'],
): [string, Given][] {
  return Object.entries(properties).flatMap(([key, property]): [string, Given][] => {
    const field = environmentName(key)
    const text = environment[field]
    if (text === undefined) return []
    const value = property.type === 'array' ? listOf(text, property) : fromText(text, property)
    return [[key, { value, field, origin: 'in the environment' }]]
  })
}

/** A flag that is not a setting belongs to the command itself, such as `--config`, and is left to it. */
function fromFlags(properties: Properties, flags: SettingSources['flags']): [string, Given][] {
  return Object.entries(properties).flatMap(([key, property]): [string, Given][] => {
    const flag = flags[key]
    if (flag === undefined) return []
    const value = Array.isArray(flag)
      ? flag.map((text) => fromText(text, property.items ?? {}))
      : fromText(flag, property)
    return [[key, { value, field: flagName(key), origin: 'on the command line' }]]
  })
}

function listOf(text: string, { items }: ValueSchema): unknown[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map((part) => fromText(part, items ?? {}))
}

/** `text` in the type of the setting where that is possible; else as it is, and the check will say what it should be. */
function fromText(text: unknown, { type }: ValueSchema): unknown {
  if (typeof text !== 'string') return text
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text
}

function checkOne(key: string, { value, field, origin }: Given, property: ValueSchema): void {
  if (Value.Check(property, value)) return
  const message = `The setting ${field} ${origin} must be ${expectation(property)}.`
  const about = property.description ?? ''
  throw new WeftError('invalid-config', message, { field, advice: `${key}: ${about}` })
}
