import { accessSync, constants, createReadStream } from 'node:fs'
import { execa } from 'execa'
import { type ErrorCode, WeftError } from '../errors.ts'

/** The programs that are run, and the Debian packages they come in. */
const PACKAGES = Object.freeze({
  ip: 'iproute2',
  wg: 'wireguard-tools',
  'wireguard-go': 'wireguard-go',
  nft: 'nftables',
})

export type Program = keyof typeof PACKAGES

/** How many times this process has run each program. */
export const programRuns: Record<Program, number> = { ip: 0, wg: 0, 'wireguard-go': 0, nft: 0 }

export interface RunOptions {
  /** What the program reads from its standard input, through a socket. */
  readonly input?: string
  /** An open file as its standard input instead: unlike a socket, it can be opened again as /dev/stdin. */
  readonly descriptor?: number
  /** Puts the program into a session of its own, so that it outlives this process and its group. */
  readonly detached?: boolean
  /** Milliseconds until it is killed; 10,000 unless told. */
  readonly timeout?: number
}

/**
 * Runs a program without a shell and gives what it printed. Rejects with `not-found` when the object is not there,
 * `already-exists`, `port-taken`, `unsupported` when kernel or machine lack something, `program-failed` for all else.
 */
export async function run(
  program: Program,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { input, descriptor, detached = false, timeout = TIMEOUT } = options
  const path = locate(program)
  programRuns[program] += 1
  const result = await execa(path, args, {
    ...(input !== undefined
      ? { input }
      : { stdin: descriptor === undefined ? 'ignore' : fileStream(descriptor) }),
    detached,
    cleanup: !detached,
    timeout,
    killSignal: 'SIGKILL',
    env: ENVIRONMENT,
    extendEnv: false,
    cwd: '/',
    reject: false,
  })
  if (!result.failed) return result.stdout
  if (result.timedOut) throw failure(program, `no end within ${timeout} ms`)
  // What wg prints may hold a private key; what wireguard-go prints is its log.
  const output = program === 'wireguard-go' ? `${result.stderr}\n${result.stdout}` : result.stderr
  throw failure(program, output || (result.originalMessage ?? `it ended with code ${result.exitCode}`), input)
}

/** Where a program is. Throws `unsupported` when it is not installed. */
export function locate(program: Program): string {
  const path = found.get(program) ?? FOLDERS.map((folder) => `${folder}/${program}`).find(isExecutable)
  if (path === undefined) {
    throw new WeftError('unsupported', `The program ${program} is not installed.`, {
      advice: `Install the package ${PACKAGES[program]}, on Debian by: apt install ${PACKAGES[program]}`,
    })
  }
  found.set(program, path)
  return path
}

const TIMEOUT = 10_000

/** No variable of ours, and none of the seconds that `wg` would otherwise try to resolve a name for. */
const ENVIRONMENT = Object.freeze({ WG_ENDPOINT_RESOLUTION_RETRIES: '0' })

const FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin', '/usr/local/sbin']
const found = new Map<Program, string>()

/** Never read from: a stream over a file is how execa is given the file itself. */
function fileStream(descriptor: number) {
  return createReadStream('', { fd: descriptor, autoClose: false })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

interface Meaning {
  readonly said: RegExp
  readonly code: ErrorCode
  readonly advice?: string
}

/** What the programs say, and what it means to us; the first that fits. */
const MEANINGS: readonly Meaning[] = [
  {
    said: /address already in use/i,
    code: 'port-taken',
    advice: 'Stop the other program, or take another port.',
  },
  {
    said: /not permitted|permission denied/i,
    code: 'program-failed',
    advice: 'Run as root, or with CAP_NET_ADMIN.',
  },
  {
    said: /\/dev\/net\/tun/,
    code: 'unsupported',
    advice: 'Load the kernel module tun, or let the container use /dev/net/tun.',
  },
  {
    said: /ipv6 is disabled/i,
    code: 'unsupported',
    advice: 'Allow it for new interfaces by: sysctl net.ipv6.conf.default.disable_ipv6=0',
  },
  // Of nft, where the kernel is without nf_tables.
  {
    said: /netlink.*protocol not supported/i,
    code: 'unsupported',
    advice: 'Load the kernel module nf_tables.',
  },
  { said: /unknown device type|operation not supported/i, code: 'unsupported' },
  {
    said: /file exists/i,
    code: 'already-exists',
    advice: 'See by ip address and ip route what has it already.',
  },
  // "Protocol not supported" is what wg says of an interface that is gone, on a kernel without WireGuard.
  {
    said: /no such device|^Error: No such file|does not exist|cannot find device|protocol not supported/i,
    code: 'not-found',
  },
]

function failure(program: Program, output: string, input = ''): WeftError {
  const said = withoutKeys(output).replace(BANNER, '').trim()
  const { code, advice } = MEANINGS.find((meaning) => meaning.said.test(said)) ?? { code: 'program-failed' }
  const [first = ''] = said.split('\n')
  return new WeftError(
    code,
    `The program ${program} failed: ${first.replace(/\.$/, '')}${failedLine(said, input)}.`,
    {
      cause: said,
      ...(advice !== undefined && { advice }),
    },
  )
}

/** `ip -batch` tells the number of the line at fault. */
function failedLine(said: string, input: string): string {
  const [, number] = /^Command failed -:(\d+)$/m.exec(said) ?? []
  return number === undefined ? '' : `, at "${input.split('\n')[Number(number) - 1]}"`
}

/** The box that wireguard-go prints at each start. */
const BANNER = /^[┌│└].*\n*/gm

/** `wg` repeats a key that it cannot read; no key of any kind is worth the risk. */
function withoutKeys(text: string): string {
  return text.replace(/[A-Za-z0-9+/]{43}=/g, '[key]')
}
