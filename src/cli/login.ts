import { text } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import type { Whoami } from '../client/operations.ts'
import { WeftError } from '../errors.ts'
import type { SecretBytes } from '../keys/secret.ts'
import { isName, toName } from '../model/names.ts'
import { Client } from './client.ts'
import { parseToken } from './connection.ts'
import { signInByDevice } from './login/device.ts'
import { signInByLoopback } from './login/loopback.ts'
import type { SignInOptions } from './login/say.ts'
import { print } from './output.ts'
import { findProfile, type Profiles, readProfiles, withProfile, writeProfiles } from './profiles/store.ts'
import { stopSignal } from './signals.ts'
import { type ControllerUrl, parseControllerUrl } from './url.ts'

interface LoginOptions {
  readonly profile?: string
  readonly project?: string
  readonly tokenStdin?: boolean
  readonly browser?: boolean
  readonly json?: boolean
}

const HELP = `
What is kept is in \${XDG_CONFIG_HOME:-~/.config}/weft/profiles.json, for your eyes only. --url, --token-file, WEFT_URL and
WEFT_TOKEN go before it.

Examples:
  weft login 'https://weft.example.org:7443#…'                with a browser, by OpenID Connect
  weft login 'https://127.0.0.1:7443#…' --token-stdin < token  with a token that you have
  weft login                                                  again, to the controller of the profile in use
  weft login --profile work --project acme                    to act in another project`

/** `weft login [URL]` */
export function loginCommand(): Command {
  return new Command('login')
    .description('Sign in to a controller, and keep that as a profile, in use from now on.')
    .argument('[url]', "URL of the controller, its 'url:' line; else that of the profile, or of WEFT_URL")
    .option('--profile <name>', "what to call it (the controller's host, or the profile in use)")
    .addOption(new Option('--project <project>', 'project to act in').env('WEFT_PROJECT'))
    .option('--token-stdin', 'with the API token that comes on stdin')
    .option('--browser', 'with a browser on this machine, even if a code for any browser can be had')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', HELP)
    .action(login)
}

async function login(given: string | undefined, options: LoginOptions): Promise<void> {
  const { project, json } = options
  const profiles = readProfiles()
  const { name, url } = target(profiles, given, options)
  const place = parseControllerUrl(url)
  const token = await signIn(place, options)
  using client = new Client(place, token, project)
  const self = await client.call('whoami')
  const kept = {
    url,
    token: Buffer.from(token.expose()).toString(),
    ...(project !== undefined && { project }),
  }
  writeProfiles(withProfile(profiles, name, kept))
  print(json, { profile: name, ...self }, () => greeting(name, self))
}

/** Which profile it is about, and where its controller is. */
function target(
  profiles: Profiles,
  given: string | undefined,
  { profile }: LoginOptions,
): { name: string; url: string } {
  if (profile !== undefined && !isName(profile)) throw noName()
  const again = profile ?? (process.env.WEFT_PROFILE || profiles.current)
  const known =
    again !== undefined && Object.hasOwn(profiles.profiles, again)
      ? findProfile(profiles, again).url
      : undefined
  const url = (given ?? known ?? process.env.WEFT_URL ?? '').trim()
  if (url !== '') {
    const isAgain = given === undefined && known !== undefined
    return { name: profile ?? (isAgain ? again : undefined) ?? nameFor(profiles, url), url }
  }
  throw new WeftError('invalid-config', 'It is not said where the controller is.', {
    field: 'url',
    advice: "Give the 'url:' line that it printed, in quotes: weft login 'https://…#…'.",
  })
}

/** The name that this controller has already, or its host; a port tells controllers of one host apart. */
function nameFor({ profiles }: Profiles, url: string): string {
  const [same] = Object.entries(profiles).find(([, known]) => known.url === url) ?? []
  if (same !== undefined) return same
  const { place } = parseControllerUrl(url)
  const name = toName('path' in place ? 'local' : place.host)
  return Object.hasOwn(profiles, name) && 'port' in place ? toName(`${place.host}-${place.port}`) : name
}

async function signIn(place: ControllerUrl, options: LoginOptions): Promise<SecretBytes> {
  const token = parseToken(
    options.tokenStdin ? await text(process.stdin) : await byOpenIdConnect(place, options),
  )
  if (token) return token
  throw new WeftError('invalid-input', 'There is no API token on stdin.', { field: '--token-stdin' })
}

async function byOpenIdConnect(place: ControllerUrl, { project, browser }: LoginOptions): Promise<string> {
  using client = new Client(place, undefined)
  const { oidc } = await client.call('showSignIn')
  if (!oidc) {
    throw new WeftError('unsupported', 'People cannot sign in to this controller by OpenID Connect.', {
      advice: 'Sign in with a token that you have: weft login --token-stdin < FILE.',
    })
  }
  const options: SignInOptions = { project, signal: stopSignal() }
  const session =
    (browser ? undefined : await signInByDevice(client, options)) ?? (await signInByLoopback(client, options))
  return session.token
}

function greeting(profile: string, { name, project, global }: Whoami): string {
  const where = global ? 'all projects' : `project ${project}`
  return `Signed in as ${name}, in ${where}. Profile '${profile}' is in use.\n`
}

function noName(): WeftError {
  return new WeftError(
    'invalid-input',
    'A profile is called by 1 to 63 lower-case letters, digits and inner hyphens.',
    {
      field: '--profile',
    },
  )
}
