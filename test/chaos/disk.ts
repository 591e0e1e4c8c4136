import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'

/** What `powerCut` needs; undefined when it is there. */
export function whyNoPowerCuts(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to mount a file system'
  try {
    execFileSync('/sbin/losetup', ['--find'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs a loop device'
  }
}

const BYTES = 48 * 1024 * 1024
/** Of these, the first ones: the tables of ext4. There is space for them from the start, whatever comes. */
const OWN_BYTES = 830 * 4_096
/**
 * Bytes of a block. The loop device gets one at a time: what it can write only in part it takes for written
 * (lo_complete_rq in drivers/block/loop.c), and a disk that lies is another fault.
 */
const BLOCK = 4_096
/** EXT4_IOC_SHUTDOWN, and "without writing the journal" (fs/ext4/ext4.h in the kernel's source). */
const SHUTDOWN = '0x8004587d'
const NOLOGFLUSH = 2
/** Perl is essential in Debian and has ioctl; Node has none. */
const IOCTL = `open(my $f, "<", $ARGV[0]) or die $!; my $how = pack("L", ${NOLOGFLUSH}); ioctl($f, ${SHUTDOWN}, $how) or die $!;`

interface DiskOptions {
  /**
   * Whether it promises more than the storage in its directory may have: then writes succeed, and what fails is to make them
   * durable. Without a journal, or it would turn read-only at that.
   */
  readonly isThin?: boolean
}

/**
 * An ext4 file system on a loop device, whose power can be cut: what had not been forced to the disk is gone, and every
 * write from then on fails with EIO, until it is mounted again.
 */
export class Disk implements Disposable {
  /** Where it is mounted. */
  readonly path: string
  readonly #directory: string
  readonly #isThin: boolean
  #image: string
  #cuts = 0

  constructor(directory: string, { isThin = false }: DiskOptions = {}) {
    this.#isThin = isThin
    this.path = join(directory, 'disk')
    this.#directory = directory
    this.#image = join(directory, 'image-0')
    mkdirSync(this.path)
    writeFileSync(this.#image, '')
    truncateSync(this.#image, BYTES)
    const features = isThin ? ['-b', String(BLOCK), '-O', '^has_journal'] : []
    execFileSync('/sbin/mkfs.ext4', ['-q', '-F', '-E', 'nodiscard', ...features, this.#image])
    if (isThin) occupy(this.#image)
    this.#mount()
  }

  cutPower(): void {
    execFileSync('perl', ['-e', IOCTL, this.path])
  }

  /**
   * Mounts what the disk held at the cut: a copy, because other mount namespaces of the machine may keep the old file system
   * alive, and it would be found again dead.
   */
  powerOn(): void {
    const next = join(this.#directory, `image-${++this.#cuts}`)
    execFileSync('/bin/cp', ['--sparse=always', this.#image, next])
    this[Symbol.dispose]()
    this.#image = next
    if (this.#isThin) repair(next)
    this.#mount()
  }

  [Symbol.dispose](): void {
    execFileSync('/bin/umount', ['--lazy', this.path])
    rmSync(this.#image)
  }

  #mount(): void {
    // With dioread_nolock ext4 reads zeros for good where it once failed, whatever is written there later.
    const options = this.#isThin ? 'loop,dioread_lock' : 'loop'
    execFileSync('/bin/mount', ['-o', options, this.#image, this.path])
    if (this.#isThin) writeBlockwise(this.path)
  }
}

/** Holes of a file become blocks when they are written. */
function occupy(image: string): void {
  const file = openSync(image, 'r+')
  const bytes = new Uint8Array(OWN_BYTES)
  readSync(file, bytes, 0, OWN_BYTES, 0)
  writeSync(file, bytes, 0, OWN_BYTES, 0)
  closeSync(file)
}

function writeBlockwise(path: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const [device = ''] = mounts.findLast((line) => line.includes(` ${path} `))?.split(' ') ?? []
  writeFileSync(`/sys/block/${basename(device)}/queue/max_sectors_kb`, String(BLOCK / 1_024))
}

/** As at the start of a machine. Exit codes below 4 say that it is in order now (e2fsck(8)). */
function repair(image: string): void {
  const { status, stderr } = spawnSync('/sbin/e2fsck', ['-f', '-y', image], { encoding: 'utf8' })
  if (status === null || status >= 4) throw new Error(`e2fsck ended with ${status}: ${stderr}`)
}
