import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { say } from './say.js'

/** The Debian package that brings each program. */
const PACKAGES = {
  wg: 'wireguard-tools',
  'wireguard-go': 'wireguard-go',
  ip: 'iproute2',
  nft: 'nftables',
  ping: 'iputils-ping',
  ps: 'procps',
  iperf3: 'iperf3',
  tcpdump: 'tcpdump',
  'systemd-analyze': 'systemd',
  chromium: 'chromium',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  zsh: 'zsh',
  fish: 'fish',
}

/** Root's programs, too: the PATH of a plain user often lacks the sbin folders. */
const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(
  Boolean,
)

/** Installs the programs that are missing, as root on Debian and its kin; elsewhere says which command would. */
export function ensurePrograms(programs) {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length === 0) return
  const packages = missing.map((program) => PACKAGES[program])
  const lack = whatIsLacking()
  if (lack) {
    say(
      `${missing.join(', ')} missing, and ${lack}; \`apt-get install ${packages.join(' ')}\` as root would bring them.`,
    )
    return
  }
  say(`installing ${packages.join(', ')} with apt-get`)
  // A package list that is absent or old is the usual reason for the first try to fail.
  const done = install(packages) || (apt(['update']) && install(packages))
  if (!done)
    say(
      `apt-get could not install them; \`apt-get update && apt-get install ${packages.join(' ')}\` shows why.`,
    )
  if (packages.includes('redis-server')) stopService('redis-server')
}

/** Debian starts what it installs. Ours are started by who needs them, with data and ports of their own. */
function stopService(name) {
  if (isInstalled('systemctl')) spawnSync('systemctl', ['disable', '--now', name], { stdio: 'ignore' })
}

function whatIsLacking() {
  if (process.getuid() !== 0) return 'this is not root'
  if (!isInstalled('apt-get')) return 'there is no apt-get here'
  return undefined
}

function isInstalled(program) {
  return FOLDERS.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function install(packages) {
  return apt(['install', '--yes', '--no-install-recommends', ...packages])
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // A machine that was just set up is often busy with updates of its own; a minute is given to them.
  const options = ['--quiet', '-o', 'DPkg::Lock::Timeout=60']
  return spawnSync('apt-get', [...options, ...args], { env, stdio: 'ignore' }).status === 0
}
