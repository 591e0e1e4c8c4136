import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

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
/** EXT4_IOC_SHUTDOWN, and "without writing the journal" (fs/ext4/ext4.h in the kernel's source). */
const SHUTDOWN = '0x8004587d'
const NOLOGFLUSH = 2
/** Perl is essential in Debian and has ioctl; Node has none. */
const IOCTL = `open(my $f, "<", $ARGV[0]) or die $!; my $how = pack("L", ${NOLOGFLUSH}); ioctl($f, ${SHUTDOWN}, $how) or die $!;`

/**
 * An ext4 file system on a loop device, whose power can be cut: what had not been forced to the disk is gone, and every
 * write from then on fails with EIO, until it is mounted again.
 */
export class Disk implements Disposable {
  /** Where it is mounted. */
  readonly path: string
  readonly #directory: string
  #image: string
  #cuts = 0

  constructor(directory: string) {
    this.path = join(directory, 'disk')
    this.#directory = directory
    this.#image = join(directory, 'image-0')
    mkdirSync(this.path)
    writeFileSync(this.#image, '')
    truncateSync(this.#image, BYTES)
    execFileSync('/sbin/mkfs.ext4', ['-q', '-F', '-E', 'nodiscard', this.#image])
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
    this.#mount()
  }

  [Symbol.dispose](): void {
    execFileSync('/bin/umount', ['--lazy', this.path])
    rmSync(this.#image)
  }

  #mount(): void {
    execFileSync('/bin/mount', ['-o', 'loop', this.#image, this.path])
  }
}
