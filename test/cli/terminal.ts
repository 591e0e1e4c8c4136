import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { soon } from '../controller/receiver.ts'

/** A terminal of 120 columns and what a program shows there. `script` (bsdutils, which every Debian has) makes it. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  #shown = ''

  /** @param command for `sh` */
  constructor(
    command: string,
    options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  ) {
    const typescript = ['--quiet', '--flush', '--return', '--command', `stty cols 120 rows 40; ${command}`]
    this.#child = spawn('script', [...typescript, '/dev/null'], options)
    this.#ended = once(this.#child, 'close')
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text
    })
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  /** Resolves when `text` is to be read there, in what was shown since the last time; without what moves the cursor. */
  async shows(text: RegExp): Promise<void> {
    const plain = () => stripVTControlCharacters(this.#shown).replaceAll('\r', '')
    await soon(() => {
      if (!text.test(plain())) throw new Error(`${text} is not in what is shown: ${JSON.stringify(plain())}`)
    })
    this.#shown = ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
