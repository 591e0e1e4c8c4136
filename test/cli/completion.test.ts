import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createProgram } from '../../src/cli/commands.ts'
import { completionsOf, type Question } from '../../src/cli/completion/words.ts'
import { Place } from '../api/fixture.ts'
import { MAIN, weft } from './fixture.ts'
import { Terminal } from './terminal.ts'

const run = promisify(execFile)

const fish = needing('fish')
const zsh = needing('zsh')

describe('completionsOf', () => {
  const asked: Question[] = []
  const complete = async (...words: string[]) => {
    const values = (question: Question) => {
      asked.push(question)
      return Promise.resolve(['demo', 'de$(reboot)', 'web-1'])
    }
    return completionsOf(await createProgram(words.slice(0, 1)), words, values)
  }

  it('knows commands, options, and what both can be', async () => {
    assert.deepEqual(await complete('net'), ['network'])
    assert.deepEqual(await complete('network', 'sh'), ['show', 'share'])
    assert.deepEqual(await complete('network', 'create', 'x', '--top'), ['--topology'])
    assert.deepEqual(await complete('network', 'create', '--topology', ''), ['mesh', 'hub', 'sites'])
    assert.deepEqual(await complete('node', 'roles', 'x', 'relay', 'g'), ['gateway'])
    assert.deepEqual(await complete('completion', 'z'), ['zsh'])
    assert.equal((await complete('')).includes('complete'), false)
    assert.deepEqual(await complete('network', 'create', 'x', '--', '--top'), [])
    assert.deepEqual(await complete('network', 'create', '--topology=h'), ['--topology=hub'])
    assert.deepEqual(await complete('network', 'create', '--topology', '=', 'h'), ['hub'])
    assert.deepEqual(await complete('network', 'create', '--topology', '='), ['mesh', 'hub', 'sites'])
    await complete('network', 'show', '--project=acme', 'd')
    assert.deepEqual(asked.at(-1)?.options, { project: 'acme' })
  })

  it('asks for names of what is meant, and gives nothing on that a shell could take for more', async () => {
    assert.deepEqual(await complete('network', 'show', '--project', 'acme', 'd'), ['demo'])
    assert.deepEqual(asked.at(-1), {
      name: 'network',
      commands: ['network', 'show'],
      typed: 'd',
      options: { project: 'acme' },
    })
    await complete('explain', 'demo', 'web-1', '')
    assert.equal(asked.at(-1)?.name, 'b')
    await complete('member', 'add', 'demo', 'x', 'y', '')
    assert.equal(asked.at(-1)?.name, 'node')
    await complete('graph', 'demo', '--node', 'w')
    assert.deepEqual([asked.at(-1)?.name, asked.at(-1)?.typed], ['node', 'w'])
  })
})

describe('weft completion', () => {
  let place: Place
  let bin: string
  let env: Readonly<Record<string, string>>
  before(async () => {
    place = await Place.open()
    for (const name of ['demo', 'depot']) await place.post('/v1/networks', { name })
    await place.enrol('web-1')
    bin = await mkdtemp(join(tmpdir(), 'weft-bin-'))
    await writeFile(join(bin, 'weft'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
    await chmod(join(bin, 'weft'), 0o755)
    // A file that begins as the networks do.
    await writeFile(join(bin, 'desk.yaml'), '')
    env = {
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      WEFT_URL: `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`,
      WEFT_TOKEN: place.token,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      HOME: bin,
      TERM: 'xterm',
    }
  })
  after(async () => {
    await place[Symbol.asyncDispose]()
    await rm(bin, { recursive: true })
  })

  it('makes a real bash complete commands, options, and names that the controller knows', async () => {
    const script = `
      source <(weft completion bash)
      try() { COMP_WORDS=(weft "$@"); COMP_CWORD=$#; COMPREPLY=(); _weft weft; echo "\${COMPREPLY[*]}"; }
      try gra
      try network show de
      try member add demo w
      WEFT_URL= try network show de
      complete -p weft`
    const { stdout, stderr } = await run('bash', ['--norc', '-c', script], { env })
    assert.equal(stderr, '')
    assert.deepEqual(stdout.split('\n'), [
      'graph',
      'demo depot',
      'web-1',
      '',
      'complete -o default -o nosort -F _weft weft',
      '',
    ])
  })

  it('makes a real fish do the same, and offer files where nothing else is known', fish, async () => {
    const lines = ['gra', 'network show de', 'network create x --topology=', 'apply -f de']
    const script = `weft completion fish | source
      for line in ${lines.map((line) => `'weft ${line}'`).join(' ')}; complete -C "$line" | string join ' '; end; true`
    const { stdout, stderr } = await run('fish', ['--no-config', '-c', script], { env, cwd: bin })
    assert.equal(stderr, '')
    assert.deepEqual(stdout.split('\n'), [
      'graph',
      'demo depot',
      '--topology=hub --topology=mesh --topology=sites',
      'desk.yaml',
      '',
    ])
  })

  it('makes a real zsh do the same at a terminal', zsh, async () => {
    await using terminal = new Terminal('exec zsh -f -i', { env, cwd: bin })
    terminal.type('autoload -Uz compinit; compinit -D -u; source <(weft completion zsh); echo SET\\UP\n')
    await terminal.shows(/^SETUP/m)
    const tried: readonly (readonly [typed: string, shown: RegExp])[] = [
      ['network show de', /\bdemo +depot/],
      ['network create x --topology=h', /--topology=hub\b/],
      ['apply -f de', /-f desk\.yaml\b/],
    ]
    for (const [typed, shown] of tried) {
      terminal.type(`${ERASE_LINE}weft ${typed}\t`)
      await terminal.shows(shown)
    }
  })

  it('has a script for each shell, and says which there are', async () => {
    const [zsh, fish, other] = await Promise.all(
      ['zsh', 'fish', 'tcsh'].map((shell) => weft(['completion', shell])),
    )
    assert.match(zsh?.stdout ?? '', /^#compdef weft\n/)
    assert.match(fish?.stdout ?? '', /^complete -c weft/m)
    assert.deepEqual([other?.code, /bash, zsh, fish/.test(other?.stderr ?? '')], [2, true])
  })
})

const ERASE_LINE = '\u0015'

function needing(program: string) {
  const isThere = spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
  return { skip: isThere ? false : `${program} is not installed` }
}
