import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { WeftError } from '../errors.ts'
import { SecretBytes } from '../keys/secret.ts'
import { Client } from './client.ts'
import { findProfile, type Profile, readProfiles } from './profiles/store.ts'
import { parseControllerUrl } from './url.ts'

/** Options of every command that speaks to a controller. */
export interface ClientOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly profile?: string
  readonly project?: string
  readonly json?: boolean
}

/** A command with those options. There is none for the token itself: a command line is there for all users to read. */
export function clientCommand(name: string): Command {
  return new Command(name)
    .option('--url <url>', "URL of the controller, its 'url:' line; else it is in WEFT_URL")
    .option('--token-file <file>', 'file with the API token; else it is in WEFT_TOKEN')
    .option('--profile <name>', "profile of 'weft login'; else it is in WEFT_PROFILE, or the one in use")
    .addOption(
      new Option('--project <project>', 'project to act in, for a global token (default)').env(
        'WEFT_PROJECT',
      ),
    )
    .option('--json', 'print JSON for programs')
}

/** The controller that options, environment and profiles name. Throws `invalid-config` when they do not. */
export function openClient(options: ClientOptions): Client {
  const profile = profileFor(options)
  return new Client(
    parseControllerUrl(urlOf(options, profile)),
    tokenOf(options, profile),
    options.project ?? profile?.project,
  )
}

/**
 * The profile that counts, if any does. What is said on the command line goes before the environment, and that before the
 * profile in use; a token of a profile goes to the controller of that profile and to no other.
 */
function profileFor({ url, profile: name }: ClientOptions): Profile | undefined {
  if (url !== undefined) return undefined
  if (name !== undefined) return findProfile(readProfiles(), name)
  if (process.env.WEFT_URL) return undefined
  const profiles = readProfiles()
  const used = process.env.WEFT_PROFILE || profiles.current
  return used === undefined ? undefined : findProfile(profiles, used)
}

function urlOf({ url }: ClientOptions, profile: Profile | undefined): string {
  const known = url ?? profile?.url ?? process.env.WEFT_URL
  if (known) return known
  throw new WeftError('invalid-config', 'It is not said where the controller is.', {
    field: 'WEFT_URL',
    advice:
      "Sign in with 'weft login URL', put its 'url:' line into WEFT_URL, in quotes, or give it with --url.",
  })
}

function tokenOf({ tokenFile, profile: name }: ClientOptions, profile: Profile | undefined): SecretBytes {
  // A profile that was asked for by name is meant with all that it has.
  const kept =
    name === undefined ? process.env.WEFT_TOKEN || profile?.token : profile?.token || process.env.WEFT_TOKEN
  const token = parseToken(tokenFile === undefined ? kept : readToken(tokenFile))
  if (token) return token
  throw new WeftError('invalid-config', 'There is no API token to show to the controller.', {
    field: 'WEFT_TOKEN',
    advice:
      "Sign in with 'weft login', or put the controller's 'admin token:' into WEFT_TOKEN, or into a file for --token-file.",
  })
}

/** undefined for what is no token: it could break the header it is sent in. */
export function parseToken(text: string | undefined): SecretBytes | undefined {
  const token = text?.trim()
  return token && /^[\x21-\x7e]+$/.test(token) ? new SecretBytes(Buffer.from(token)) : undefined
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WeftError('invalid-config', `The file ${file} cannot be read.`, {
      field: '--token-file',
      cause,
    })
  }
}
