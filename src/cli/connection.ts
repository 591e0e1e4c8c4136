import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { WeftError } from '../errors.ts'
import { SecretBytes } from '../keys/secret.ts'
import { Client } from './client.ts'
import { parseControllerUrl } from './url.ts'

/** Options of every command that speaks to a controller. */
export interface ClientOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly project?: string
  readonly json?: boolean
}

/** A command with those options. There is none for the token itself: a command line is there for all users to read. */
export function clientCommand(name: string): Command {
  return new Command(name)
    .addOption(new Option('--url <url>', "URL of the controller, its 'url:' line").env('WEFT_URL'))
    .option('--token-file <file>', 'file with the API token; else it is in WEFT_TOKEN')
    .addOption(
      new Option('--project <project>', 'project to act in, for a global token (default)').env(
        'WEFT_PROJECT',
      ),
    )
    .option('--json', 'print JSON for programs')
}

/** The controller that the options and the environment name. Throws `invalid-config` when they do not. */
export function openClient(options: ClientOptions): Client {
  return new Client(parseControllerUrl(urlOf(options)), tokenOf(options), options.project)
}

function urlOf({ url }: ClientOptions): string {
  if (url) return url
  throw new WeftError('invalid-config', 'It is not said where the controller is.', {
    field: 'WEFT_URL',
    advice: "Put its 'url:' line into WEFT_URL, in quotes, or give it with --url.",
  })
}

function tokenOf({ tokenFile }: ClientOptions): SecretBytes {
  const text = tokenFile === undefined ? process.env.WEFT_TOKEN : readToken(tokenFile)
  // What is no token could break the header it is sent in.
  if (text && /^[\x21-\x7e]+$/.test(text.trim())) return new SecretBytes(Buffer.from(text.trim()))
  throw new WeftError('invalid-config', 'There is no API token to show to the controller.', {
    field: 'WEFT_TOKEN',
    advice: "Put the controller's 'admin token:' into WEFT_TOKEN, or into a file for --token-file.",
  })
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
