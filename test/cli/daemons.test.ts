import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ControllerProcess, MAIN, weft } from './fixture.ts'

const logLines = (stderr: string) =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('weft controller', () => {
  it('prints its URL at each start and a token at the first, logs JSON, and stops in order', async () => {
    await using first = await ControllerProcess.start()
    assert.match(first.env.WEFT_URL ?? '', /^unix:\/.*\/weft\.sock#[A-Za-z0-9_-]{43}$/)
    assert.match(first.env.WEFT_TOKEN ?? '', /^weft_[A-Za-z0-9_-]{43}$/)
    assert.equal((await first.weft('network', 'create', 'demo')).code, 0)
    const { code, stderr } = await first.stop('SIGTERM')
    assert.equal(code, 0)
    const log = logLines(stderr)
    assert.ok(log.some(({ path, status }) => path === '/v1/networks' && status === 201))
    assert.equal(stderr.includes(first.env.WEFT_TOKEN ?? ''), false)

    const again = await ControllerProcess.start(first.dataDir)
    assert.deepEqual([again.env.WEFT_URL, again.env.WEFT_TOKEN], [first.env.WEFT_URL, undefined])
    const list = await weft(['network', 'list'], { env: first.env })
    assert.match(list.stdout, /^demo /m)
    assert.equal((await again.stop('SIGINT')).code, 0)
  })

  it('does not share its directory with another, and says so', async () => {
    await using first = await ControllerProcess.start()
    const other = `unix:${join(first.dataDir, 'other.sock')}`
    const second = await weft(['controller', '--data-dir', first.dataDir, '--listen', other])
    assert.notEqual(second.code, 0)
    assert.match(second.stderr, /^error: /)
    assert.equal((await first.weft('network', 'list')).code, 0)
  })

  it('names the setting that cannot be used, and where it came from', async () => {
    const cases: [message: RegExp, args: string[], env: Record<string, string>][] = [
      [/^error: The setting --heartbeat-seconds on the command line/, ['--heartbeat-seconds', 'x'], {}],
      [
        /^error: The setting WEFT_LOG_LEVEL in the environment .* debug, info/,
        [],
        { WEFT_LOG_LEVEL: 'loud' },
      ],
      [/^error: The configuration file \/nowhere\.yaml cannot be read/, ['--config', '/nowhere.yaml'], {}],
      [/^error: unknown option '--colour'/, ['--colour', 'red'], {}],
      [
        /^error: .*nonsense/m,
        ['--listen', 'nonsense', '--data-dir', join('/tmp', `weft-none-${process.pid}`)],
        {},
      ],
    ]
    for (const [message, args, env] of cases) {
      const outcome = await weft(['controller', ...args], { env })
      assert.equal(outcome.code, 2, outcome.stderr)
      assert.match(outcome.stderr, message)
    }
    await rm(join('/tmp', `weft-none-${process.pid}`), { recursive: true, force: true })
  })

  it('has its settings in its help, with environment and default', async () => {
    const { stdout } = await weft(['controller', '--help'])
    for (const part of [
      '--data-dir <value>',
      'WEFT_DATA_DIR',
      '--listen <value>',
      '127.0.0.1:7443',
      '--config',
    ]) {
      assert.ok(stdout.includes(part), part)
    }
  })
})

describe('weft agent', () => {
  let controller: ControllerProcess
  before(async () => {
    controller = await ControllerProcess.start()
    await controller.weft('network', 'create', 'demo')
  })
  after(() => controller[Symbol.asyncDispose]())

  it('joins with a token, is seen by the commands, and stops in order', async (context) => {
    const made = await controller.weft('token', 'create', '--network', 'demo', '--json')
    const { token } = JSON.parse(made.stdout)
    const env = { WEFT_JOIN: token }
    const agent = spawn(process.execPath, [MAIN, 'agent', '--device', 'memory', '--name', 'web-1'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    context.after(() => agent.kill('SIGKILL'))
    let log = ''
    agent.stderr.on('data', (chunk) => {
      log += chunk
    })
    const state = async () => (await controller.weft('member', 'list', 'demo')).stdout
    for (let tries = 0; tries < 50 && !/^web-1 +applied /m.test(await state()); tries++) await wait(100)
    assert.match(await state(), /^web-1 +applied +10\.\d+\.1\.1 /m)
    assert.match((await controller.weft('node', 'list')).stdout, /^web-1 +yes /m)
    assert.match(
      (await controller.weft('graph', 'demo')).stdout,
      /^web-1 +yes +- +10\.\d+\.1\.1 +\S+ +2\/2$/m,
    )
    agent.kill('SIGTERM')
    await once(agent, 'exit')
    assert.equal(agent.exitCode, 0, log)
    assert.equal(log.includes(token), false)
    assert.match((await controller.weft('node', 'show', 'web-1')).stdout, /^online +no$/m)
    assert.equal((await controller.weft('member', 'remove', 'demo', 'web-1', '--yes')).code, 0)
    assert.equal((await controller.weft('node', 'remove', 'web-1', '--yes')).code, 0)
  })

  it('says what is wrong with a token', async () => {
    const { code, stderr } = await weft(['agent', '--join', 'weftjoin1_cut', '--device', 'memory'])
    assert.equal(code, 2)
    assert.match(stderr, /^error: This is not a whole join token\./)
    assert.equal(stderr.includes('weftjoin1_cut'), false)
  })

  it('never loads the server', async () => {
    const agent = fileURLToPath(new URL('../../src/cli/agent.ts', import.meta.url))
    const script = `await import(${JSON.stringify(agent)})
      const { default: { _cache } } = await import('node:module')
      console.log(Object.keys(_cache).join('\\n'))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    let loaded = ''
    child.stdout.on('data', (chunk) => {
      loaded += chunk
    })
    await once(child, 'close')
    assert.match(loaded, /node_modules\/ws\//)
    assert.doesNotMatch(loaded, /node_modules\/(fastify|@fastify|prom-client)\//)
  })
})

describe('weft log export, import and backup', () => {
  it('carry a log to another directory while its controller runs; one from there knows the old tokens', async () => {
    await using controller = await ControllerProcess.start()
    for (const name of ['one', 'two']) await controller.weft('network', 'create', name)
    const from = ['--data-dir', controller.dataDir]
    const [exported, backup] = ['log.jsonl', 'backup.db'].map((name) => join(controller.dataDir, name))
    assert.ok(exported && backup)
    assert.equal((await weft(['log', 'export', ...from, '--output', exported])).code, 0)
    const made = await weft(['log', 'backup', backup, ...from, '--json'])
    assert.equal(JSON.parse(made.stdout).entries, 3)
    assert.equal((await weft(['log', 'backup', backup, ...from])).code, 6)
    const streamed = await weft(['log', 'export', ...from])
    assert.equal(streamed.stdout, await readFile(exported, 'utf8'))
    assert.equal((await weft(['log', 'import', exported, ...from])).code, 3, 'it is in use')
    await controller.stop()
    for (const [file, ...options] of [[exported], [backup, '--new-epoch']]) {
      const to = await mkdtemp(join(tmpdir(), 'weft-import-'))
      const { code, stdout } = await weft([
        'log',
        'import',
        file ?? '',
        '--data-dir',
        to,
        ...options,
        '--json',
      ])
      assert.equal(code, 0)
      assert.equal(JSON.parse(stdout).sequence, 3 + options.length)
      await copyFile(join(controller.dataDir, 'wrapping.key'), join(to, 'wrapping.key'))
      await using moved = await ControllerProcess.start(to)
      const env = { WEFT_URL: moved.env.WEFT_URL ?? '', WEFT_TOKEN: controller.env.WEFT_TOKEN ?? '' }
      const shown = await weft(['network', 'show', 'two', '--json'], { env })
      assert.equal(JSON.parse(shown.stdout).epoch, 1 + options.length)
    }
  })
})

describe('weft log verify', () => {
  it('finds a log whole while its controller runs, and names the entry that was changed', async () => {
    await using controller = await ControllerProcess.start()
    for (const name of ['one', 'two', 'three']) await controller.weft('network', 'create', name)
    const verify = (...args: string[]) => weft(['log', 'verify', '--data-dir', controller.dataDir, ...args])
    const whole = await verify('--json')
    const { entries, head } = JSON.parse(whole.stdout)
    assert.deepEqual([whole.code, entries, head.sequence], [0, 4, 4])
    assert.match((await verify()).stdout, /^entries +4\nhead +4:[0-9a-f]{64}\n$/)
    await controller.stop()
    const later = await verify('--known', `9:${head.hash}`)
    assert.deepEqual([later.code, /cut off/.test(later.stderr)], [1, true])
    await replaceInFile(join(controller.dataDir, 'log.db'), '"name":"two"', '"name":"too"')
    const changed = await verify()
    assert.equal(changed.code, 1)
    assert.match(changed.stderr, /^error: .*entry 3/i)
  })

  it('knows by the signed head that a controller kept that the end is missing', async () => {
    await using controller = await ControllerProcess.start()
    for (const name of ['one', 'two', 'three']) await controller.weft('network', 'create', name)
    await controller.stop()
    const verify = (...args: string[]) => weft(['log', 'verify', '--data-dir', controller.dataDir, ...args])
    assert.equal((await verify()).code, 0)
    using database = new DatabaseSync(join(controller.dataDir, 'log.db'))
    database.exec('DELETE FROM entries WHERE sequence > 2')
    const { code, stderr } = await verify()
    assert.deepEqual(
      [code, /^error: Entry 3 of the log is missing: the end is cut off/.test(stderr)],
      [1, true],
    )
    const other = await verify('--head', '/nowhere/head.json')
    assert.deepEqual([other.code, /There is no file/.test(other.stderr)], [2, true])
  })

  it('says when there is no log', async () => {
    const { code, stderr } = await weft(['log', 'verify', '--data-dir', '/nowhere'])
    assert.notEqual(code, 0)
    assert.match(stderr, /^error: .*\/nowhere/)
  })
})

async function replaceInFile(path: string, from: string, to: string): Promise<void> {
  await using file = await open(path, 'r+')
  const at = (await file.readFile()).indexOf(from)
  assert.ok(at > 0)
  await file.write(to, at)
}
