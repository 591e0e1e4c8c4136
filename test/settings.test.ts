import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import Type from 'typebox'
import { agentSettings } from '../src/agent/settings.ts'
import { controllerSettings } from '../src/controller/settings.ts'
import { WeftError } from '../src/errors.ts'
import { environmentName, flagName, loadSettings } from '../src/settings.ts'

const schema = Type.Object(
  {
    dataDir: Type.String({ default: '', description: 'Where things are kept.' }),
    listen: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, default: ['127.0.0.1:1'] }),
    listenPort: Type.Integer({ minimum: 1_024, maximum: 65_535, default: 51_820 }),
    patience: Type.Number({ minimum: 0.1, default: 1 }),
    device: Type.Union([Type.Literal('auto'), Type.Literal('memory')], { default: 'auto' }),
    ephemeral: Type.Boolean({ default: false }),
    token: Type.String({ pattern: '^weft_', default: 'weft_' }),
  },
  { additionalProperties: false },
)

const DEFAULTS = {
  dataDir: '',
  listen: ['127.0.0.1:1'],
  listenPort: 51_820,
  patience: 1,
  device: 'auto',
  ephemeral: false,
  token: 'weft_',
}

describe('loadSettings', () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weft-settings-'))
  })
  after(() => rm(directory, { recursive: true }))

  const fileWith = async (text: string) => {
    const path = join(directory, 'settings.yaml')
    await writeFile(path, text)
    return path
  }
  const load = (sources: Partial<Parameters<typeof loadSettings>[1]>) =>
    loadSettings(schema, { environment: {}, flags: {}, ...sources })
  const refusal = (sources: Parameters<typeof load>[0]): WeftError => {
    try {
      load(sources)
    } catch (error) {
      if (error instanceof WeftError) return error
      throw error
    }
    return assert.fail('it was not refused')
  }

  it('gives the defaults when nothing is said', async () => {
    assert.deepEqual(load({}), DEFAULTS)
    assert.deepEqual(load({ file: await fileWith('# nothing\n') }), DEFAULTS)
  })

  it('prefers the command line to the environment, that to the file, and that to the defaults', async () => {
    const file = await fileWith('dataDir: file\nlistenPort: 2000\ndevice: memory\n')
    const environment = { WEFT_DATA_DIR: 'environment', WEFT_LISTEN_PORT: '3000' }
    const settings = load({ file, environment, flags: { dataDir: 'flag' } })
    assert.deepEqual(settings, { ...DEFAULTS, dataDir: 'flag', listenPort: 3_000, device: 'memory' })
  })

  it('reads every kind of value from each place', async () => {
    const wanted = {
      ...DEFAULTS,
      listen: ['127.0.0.1:1', '[::1]:2', 'unix:/a'],
      listenPort: 2_000,
      patience: 0.5,
      ephemeral: true,
    }
    const file = await fileWith(
      'listen: ["127.0.0.1:1", "[::1]:2", "unix:/a"]\nlistenPort: 2000\npatience: 0.5\nephemeral: true\n',
    )
    const environment = {
      WEFT_LISTEN: '127.0.0.1:1, [::1]:2,unix:/a,',
      WEFT_LISTEN_PORT: '2000',
      WEFT_PATIENCE: '0.5',
      WEFT_EPHEMERAL: 'true',
    }
    const flags = { listen: wanted.listen, listenPort: '2000', patience: '0.5', ephemeral: true }
    assert.deepEqual(load({ file }), wanted)
    assert.deepEqual(load({ environment }), wanted)
    assert.deepEqual(load({ flags }), wanted)
  })

  it('takes a switch that is off over one that is on', () => {
    assert.equal(
      load({ environment: { WEFT_EPHEMERAL: 'true' }, flags: { ephemeral: false } }).ephemeral,
      false,
    )
    assert.equal(load({ environment: { WEFT_EPHEMERAL: 'false' } }).ephemeral, false)
  })

  it('replaces lists, and does not add to them', () => {
    assert.deepEqual(load({ flags: { listen: ['unix:/a'] } }).listen, ['unix:/a'])
  })

  it('lets names of the environment and flags alone that are no settings', () => {
    assert.deepEqual(load({ environment: { WEFT_URL: 'x', PATH: '/' }, flags: { config: 'x' } }), DEFAULTS)
  })

  it('names the setting, where it came from and what is expected', async () => {
    const file = await fileWith('listenPort: 80\n')
    const cases: [sources: Parameters<typeof load>[0], field: string, message: string][] = [
      [
        { file },
        'listenPort',
        `The setting listenPort in ${file} must be a whole number from 1024 to 65535.`,
      ],
      [
        { environment: { WEFT_LISTEN_PORT: '1e4' } },
        'WEFT_LISTEN_PORT',
        'The setting WEFT_LISTEN_PORT in the environment must be a whole number from 1024 to 65535.',
      ],
      [
        { flags: { device: 'wood' } },
        '--device',
        'The setting --device on the command line must be one of auto, memory.',
      ],
      [
        { environment: { WEFT_EPHEMERAL: 'yes' } },
        'WEFT_EPHEMERAL',
        'The setting WEFT_EPHEMERAL in the environment must be true or false.',
      ],
      [
        { environment: { WEFT_LISTEN: '' } },
        'WEFT_LISTEN',
        'The setting WEFT_LISTEN in the environment must be a list of at least 1, each text that is not empty.',
      ],
      [
        { flags: { patience: '0' } },
        '--patience',
        'The setting --patience on the command line must be a number of 0.1 or more.',
      ],
    ]
    for (const [sources, field, message] of cases) {
      const { code, ...error } = refusal(sources)
      assert.deepEqual([code, error.field], ['invalid-config', field])
      assert.equal(refusal(sources).message, message)
    }
  })

  it('says in its advice what the setting is for', () => {
    const { advice } = refusal({ flags: { dataDir: 7 } })
    assert.equal(advice, 'dataDir: Where things are kept.')
  })

  it('does not repeat what was given, for it may be a secret', () => {
    const { message, advice } = refusal({ environment: { WEFT_TOKEN: 'hunter2' } })
    assert.equal(`${message}${advice}`.includes('hunter2'), false)
  })

  it('refuses a setting that is unknown, and names those that are', async () => {
    const file = await fileWith('dataDir: x\nlisten_port: 2000\n')
    const { field, message, advice } = refusal({ file })
    assert.equal(field, 'listen_port')
    assert.ok(message.includes(file))
    assert.match(advice ?? '', /listenPort/)
  })

  it('refuses a file that is missing, no YAML, or no settings', async () => {
    for (const [file, message] of [
      [join(directory, 'missing.yaml'), /cannot be read/],
      [await fileWith('a: [\n'), /cannot be read/],
    ] as const) {
      assert.match(refusal({ file }).message, message)
    }
    assert.match(refusal({ file: await fileWith('- a\n') }).message, /does not hold settings/)
    assert.match(refusal({ file: await fileWith('text\n') }).message, /does not hold settings/)
    assert.match(refusal({ file: await fileWith('dataDir: a\ndataDir: b\n') }).advice ?? '', /unique/)
  })
})

describe('the names of settings', () => {
  it('follow from their keys', () => {
    assert.deepEqual([environmentName('dataDir'), flagName('dataDir')], ['WEFT_DATA_DIR', '--data-dir'])
    assert.deepEqual([environmentName('join'), flagName('join')], ['WEFT_JOIN', '--join'])
  })
})

describe('the files in config/', () => {
  for (const [name, settings] of [
    ['controller', controllerSettings],
    ['agent', agentSettings],
  ] as const) {
    it(`hold every default of the ${name}, each with its description`, async () => {
      const file = fileURLToPath(new URL(`../config/${name}.yaml`, import.meta.url))
      const text = await readFile(file, 'utf8')
      const keys = Object.keys(settings.properties)
      for (const key of keys) assert.match(text, new RegExp(`^# .*\\n${key}:`, 'm'), key)
      const alone = loadSettings<Type.TObject>(settings, { environment: {}, flags: {} })
      assert.deepEqual(loadSettings<Type.TObject>(settings, { file, environment: {}, flags: {} }), alone)
    })
  }
})
