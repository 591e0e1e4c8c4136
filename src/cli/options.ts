import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import type Type from 'typebox'
import { choicesOf, type ValueSchema } from '../settings/expectation.ts'
import { environmentName, flagName, loadSettings } from '../settings.ts'

/** Adds `--config` and one option for each setting of a daemon, described by its schema. */
export function addSettingOptions(command: Command, schema: Type.TObject): Command {
  command.option('--config <file>', 'YAML file with settings; unknown ones are refused')
  const properties: Readonly<Record<string, ValueSchema>> = schema.properties
  for (const [key, property] of Object.entries(properties)) {
    for (const option of optionsOf(key, property)) command.addOption(option)
  }
  return command
}

/**
 * The settings of a daemon: defaults < file < environment < flags. The file is that of `--config`, else the one of this
 * name in config/.
 */
export function settingsFrom<Schema extends Type.TObject>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
  name: string,
): Type.Static<Schema> {
  const file = typeof flags.config === 'string' ? flags.config : shippedFile(name)
  return loadSettings(schema, { file, environment: process.env, flags })
}

function shippedFile(name: string): string | undefined {
  const file = fileURLToPath(new URL(`../../config/${name}`, import.meta.url))
  return existsSync(file) ? file : undefined
}

/** Values are taken as text and checked together with those from other places, so that there is one kind of error. */
function optionsOf(key: string, property: ValueSchema): Option[] {
  const flag = flagName(key)
  if (property.type === 'boolean') {
    const off = new Option(flag.replace('--', '--no-')).hideHelp()
    return [new Option(flag, descriptionOf(key, property)), off]
  }
  const option = new Option(`${flag} <${placeholder(property)}>`, descriptionOf(key, property))
  if (property.type !== 'array') return [option]
  return [option.argParser((value: string, before: readonly string[] = []) => [...before, value])]
}

function placeholder(property: ValueSchema): string {
  const choices = choicesOf(property)
  if (choices) return choices.join('|')
  return property.type === 'integer' || property.type === 'number' ? 'number' : 'value'
}

function descriptionOf(key: string, property: ValueSchema): string {
  const value = Array.isArray(property.default) ? property.default.join(',') : String(property.default ?? '')
  const again = property.type === 'array' ? ' May be given again.' : ''
  const defaults = value === '' || property.type === 'boolean' ? '' : ` Default: ${value}.`
  return `${property.description ?? ''}${again}${defaults} (${environmentName(key)})`
}
