import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { programFile } from '../../src/lab/program.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { Place } from '../api/fixture.ts'
import { enrolment } from '../api/tenants.ts'
import { eventually } from '../rig.ts'
import { Browser, signIn, whatIsMissing } from './browser.ts'
import { onCanvas, outOfSight, placeOf, untilResting } from './canvas.ts'
import type { Cast } from './cast.ts'
import { takePictures } from './pictures.ts'
import { HOSTILE, stage } from './scene.ts'

interface Link {
  readonly a: string
  readonly b: string
  readonly state: string
  readonly path: string
  readonly via: string | null
}

describe('the web console', { skip: whatIsMissing() }, () => {
  let place: Place
  let cast: Cast
  let browser: Browser
  let page: Page
  let url: string
  before(async () => {
    place = await Place.open()
    url = `https://127.0.0.1:${place.port}/`
    cast = await stage(place)
    browser = await Browser.open()
    page = await browser.page()
  })
  after(async () => {
    await browser?.[Symbol.asyncDispose]()
    cast?.[Symbol.dispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const graph = async () => (await place.get('/v1/networks/demo/graph')).body
  const isBetween = (link: Link, a: string, b: string) =>
    [cast.nodeOf(a), cast.nodeOf(b)].every((end) => end === link.a || end === link.b)
  const linkOf = async (a: string, b: string): Promise<Link> =>
    (await graph()).links.find((link: Link) => isBetween(link, a, b))
  const go = (hash: string) => page.goto(`${url}#/${hash}`)

  it('lets nobody in without a token that counts', async () => {
    await page.goto(url)
    await takePictures(page, 'signin')
    await page.getByLabel('API token').fill('weft_nonsense')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page
      .getByRole('alert')
      .getByText(/^The API token is unknown/)
      .waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Networks' }).count(), 0)
    // The browser itself notes the refusal.
    browser.complaints.length = 0
    await signIn(page, url, place.token)
  })

  it('shows all networks with how they are', async () => {
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'demo' }) })
    const { counts, members } = await graph()
    await row.getByText(`${members.online} of ${members.all} online`).waitFor()
    await row.getByText(`${counts.up} of ${counts.links} up`).waitFor()
    assert.ok(counts.up > 20)
    await takePictures(page, 'overview')
  })

  it('makes a network', async () => {
    await page.getByRole('button', { name: 'New network' }).click()
    await page.getByLabel('Name').fill('Not A Name')
    await page.getByRole('button', { name: 'Make network' }).click()
    await page.getByRole('alert').getByText('name', { exact: false }).waitFor()
    await page.getByLabel('Name').fill('lab')
    await page.getByRole('button', { name: 'Make network' }).click()
    await page.getByRole('heading', { name: 'lab' }).waitFor()
    assert.equal((await place.get('/v1/networks/lab')).status, 200)
    browser.complaints.length = 0
  })

  it('gives the one line that joins a machine, and it does', async () => {
    await page.getByRole('button', { name: 'Join a machine' }).click()
    await page.getByLabel('Site').fill('berlin')
    await page.getByRole('button', { name: 'Make token' }).click()
    const shown = await page.locator('textarea[name=command]').inputValue()
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), shown)
    const [npx, weft, ...args] = shown.split(' ')
    assert.deepEqual([npx, weft], ['npx', 'weft'])
    const port = String(place.port)
    const token = atPort(args.at(-1) ?? '', port)
    await page.getByRole('button', { name: 'Done' }).click()
    const agent = spawn(
      process.execPath,
      [
        programFile(),
        ...args.slice(0, -1),
        token,
        '--device',
        'memory',
        '--name',
        'joined-by-hand',
        '--ephemeral',
      ],
      { stdio: 'ignore' },
    )
    try {
      // Live: nobody has loaded the page again.
      await page.getByRole('tab', { name: 'members' }).click()
      await page.getByRole('button', { name: 'joined-by-hand' }).waitFor({ timeout: 60_000 })
      await page.locator('[data-table=members]').getByText('applied').waitFor({ timeout: 60_000 })
    } finally {
      agent.kill()
    }
    await page.locator('[data-table=members]').getByText('offline').waitFor({ timeout: 60_000 })
  })

  it('draws what the controller says: members, links, states and paths', async () => {
    await go('networks/demo')
    const drawn = await eventually(
      'the picture is there',
      async () => {
        const canvas = await onCanvas(page)
        return canvas && canvas.edges.length > 0 && canvas
      },
      30_000,
    )
    const { nodes, links, counts } = await graph()
    assert.deepEqual(
      drawn.nodes.map(({ key }) => key).sort(),
      nodes.map(({ id }: { id: string }) => id).sort(),
    )
    assert.deepEqual(
      drawn.edges.map(({ key }) => key).sort(),
      links.map(({ a, b }: Link) => `${a} ${b}`).sort(),
    )
    const colours = new Map<string, Set<string>>()
    for (const { a, b, state, path } of links as Link[]) {
      const edge = drawn.edges.find(({ key }) => key === `${a} ${b}`)
      assert.equal(edge?.dash, state === 'up' ? 0 : 1, `${a} ${b} is ${state}`)
      const kind = state === 'up' ? path : state
      colours.set(kind, (colours.get(kind) ?? new Set()).add(edge?.color ?? ''))
    }
    for (const [kind, used] of colours) assert.equal(used.size, 1, `${kind} has one colour`)
    const all = [...colours.values()].flatMap((used) => [...used])
    assert.equal(new Set(all).size, colours.size, 'and no two have the same')
    assert.ok(colours.size >= 5, [...colours.keys()].join())
    await page.locator('[data-figures]').getByText(`${counts.up} up · ${counts.relayed} relayed`).waitFor()
    await untilResting(page)
    await takePictures(page, 'network')
  })

  it('opens everything about a node that is clicked, and the path between two', async () => {
    const [laptop, web] = [cast.nodeOf('laptop'), cast.nodeOf('web-1')]
    const from = await placeOf(page, laptop)
    await page.mouse.click(from.x, from.y)
    await page.locator('[data-inspector]').getByRole('heading', { name: 'laptop', exact: true }).waitFor()
    const told = await page.locator('[data-inspector]').textContent()
    assert.ok(told?.includes(`owner=${HOSTILE}`), told ?? '')
    assert.notEqual(await page.title(), 'taken')
    assert.equal(await page.locator('img').count(), 0)
    await takePictures(page, 'node')
    const to = await placeOf(page, web)
    await page.keyboard.down('Shift')
    await page.mouse.click(to.x, to.y)
    await page.keyboard.up('Shift')
    const explanation = page.locator('[data-explanation]')
    await explanation.waitFor()
    const { body } = await place.get(`/v1/networks/demo/paths?from=${laptop}&to=${web}`)
    for (const sentence of [...body.sentences, ...body.advice])
      await explanation.getByText(sentence).first().waitFor()
    for (const { reason } of body.directions[0].rejected)
      await explanation.getByText(reason).first().waitFor()
    await page
      .locator('[data-inspector]')
      .getByText(/^relayed via relay-[12]$/)
      .first()
      .waitFor()
    await takePictures(page, 'link')
    assert.match(page.url(), new RegExp(`sel=${laptop}%2C${web}`), 'the address says it all')
  })

  it('shows within seconds that a relay is gone and who carries on', async () => {
    const { via } = await linkOf('laptop', 'web-1')
    const [dead, other] = via === cast.nodeOf('relay-1') ? ['relay-1', 'relay-2'] : ['relay-2', 'relay-1']
    await page.locator('[data-inspector]').getByText(`relayed via ${dead}`).first().waitFor()
    cast.leave(dead)
    for (const name of ['laptop', 'web-1', 'web-2', 'api-1'])
      cast.attach(name, { [dead]: false, [other]: true })
    const endpoint = await eventually(
      'the other relay is the way',
      async () => {
        const { body } = await place.get('/v1/networks/demo/paths?from=laptop&to=web-1')
        const [first] = body.directions[0].candidates
        return first?.via === cast.nodeOf(other) && first.endpoint
      },
      20_000,
    )
    cast.see('laptop', 'web-1', endpoint, { rx: 9_000 })
    await page.locator('[data-inspector]').getByText(`relayed via ${other}`).first().waitFor()
    await page.getByRole('tab', { name: 'members' }).click()
    const row = page.locator('[data-table=members] tr').filter({ hasText: dead })
    await row.getByText('offline').waitFor()
  })

  it('goes back in time with a slider, and says who changed what', async () => {
    await go('networks/demo?tab=history')
    await page.locator('.changes li').first().waitFor()
    const { items } = (await place.get('/v1/networks/demo/history')).body
    const rows = page.locator('.changes li')
    assert.equal(await rows.count(), items.length)
    for (const [at, { actorName, what }] of items.entries()) {
      const text = (await rows.nth(at).textContent()) ?? ''
      assert.ok(text.includes(`${actorName} ${what.join('; ')}`), text)
    }
    await page.getByLabel('Revision').fill('4')
    await eventually('the past is drawn', async () => (await onCanvas(page))?.nodes.length === 3 - 1, 20_000)
    const past = (await place.get('/v1/networks/demo/graph?revision=4')).body
    const drawn = await onCanvas(page)
    assert.deepEqual(
      drawn?.nodes.map(({ label }) => label).sort(),
      past.nodes.map(({ name }: { name: string }) => name).sort(),
    )
    await go('networks/demo?tab=history&rev=8&vs=3')
    const difference = page.locator('[data-difference]')
    await difference.getByText('+ web-1').waitFor()
    assert.equal(await difference.locator('.added').count(), 3)
    await page.waitForTimeout(1_500)
    await takePictures(page, 'history')
    await page.getByRole('button', { name: 'Back to now' }).click()
    await eventually('now is drawn', async () => (await onCanvas(page))?.nodes.length === 8, 20_000)
  })

  it('does what an operator may do: roles, members, removal that asks for the name', async () => {
    await go(`networks/demo?sel=${cast.nodeOf('web-2')}`)
    await page.getByRole('button', { name: 'Make it a relay' }).click()
    await page.getByRole('button', { name: 'Stop being a relay' }).click()
    await page.getByRole('button', { name: 'Make it a relay' }).waitFor()
    await page.locator('.acts').getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog')
    const confirm = dialog.getByRole('button', { name: 'Remove' })
    assert.ok(await confirm.isDisabled())
    await dialog.getByLabel('Its name, to be sure').fill('web-2')
    await confirm.click()
    await eventually(
      'it is gone from the picture',
      async () => (await onCanvas(page))?.nodes.every(({ label }) => label !== 'web-2'),
      20_000,
    )
    assert.equal((await place.get('/v1/networks/demo/members/web-2')).status, 404)
    await page.getByRole('button', { name: 'Add a node' }).click()
    await page.getByRole('dialog').getByLabel('Node').fill('web-2')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await eventually(
      'it is back',
      async () => (await onCanvas(page))?.nodes.some(({ label }) => label === 'web-2'),
      20_000,
    )
  })

  it('shows on the graph what a policy would do before it is made, and then makes it', async () => {
    await go('networks/demo?tab=policy')
    const field = page.locator('textarea[name=policy]')
    await eventually(
      'it is read',
      async () => (await field.inputValue()).includes('"default": "allow"'),
      20_000,
    )
    const deny = { default: 'deny', rules: [{ from: 'site=berlin', to: 'site=berlin' }] }
    await field.fill(JSON.stringify(deny))
    await page.getByRole('button', { name: 'Preview' }).click()
    const { body } = await place.call('PUT', '/v1/networks/demo/policy?dryRun=true', { body: deny })
    assert.ok(body.disappear.count > 20)
    await page.locator('[data-preview]').getByText(`${body.disappear.count} links would disappear`).waitFor()
    const dashed = (await onCanvas(page))?.edges.filter(({ dash }) => dash === 1).map(({ key }) => key)
    assert.deepEqual(dashed?.sort(), body.disappear.links.map(({ a, b }: Link) => `${a} ${b}`).sort())
    assert.equal(
      (await place.get('/v1/networks/demo/policy')).body.default,
      'allow',
      'nothing was changed yet',
    )
    await untilResting(page)
    assert.deepEqual(await outOfSight(page), [], 'all of it is seen')
    await takePictures(page, 'policy')
    await page.getByRole('button', { name: 'Apply' }).click()
    await eventually(
      'it holds',
      async () => (await place.get('/v1/networks/demo/policy')).body.default === 'deny',
      20_000,
    )
    const { counts } = await graph()
    await eventually('it is drawn', async () => (await onCanvas(page))?.edges.length === counts.links, 20_000)
    await page.getByRole('button', { name: 'forbidden' }).click()
    const { apart } = (await place.get('/v1/networks/demo/graph?apart=true')).body
    assert.equal(apart.length, 28 - counts.links)
    await eventually(
      'forbidden pairs are drawn, as what they are',
      async () => {
        const edges = (await onCanvas(page))?.edges ?? []
        const forbidden = edges.filter(({ key }) => key.startsWith('apart:'))
        const colours = new Set(forbidden.map(({ color }) => color))
        const isTold = edges.every(({ key, color }) => key.startsWith('apart:') || !colours.has(color))
        return forbidden.length === apart.length && colours.size === 1 && isTold
      },
      20_000,
    )
    await takePictures(page, 'forbidden')
    const [laptop, web] = [cast.nodeOf('laptop'), cast.nodeOf('web-1')]
    await go(`networks/demo?apart=forbidden&sel=${laptop},${web}`)
    await page.locator('[data-explanation]').getByText('No rule of the policy permits').first().waitFor()
    await takePictures(page, 'forbidden-pair')
    await place.call('PUT', '/v1/networks/demo/policy', { body: { default: 'allow', rules: [] } })
  })

  it('works by keyboard alone, and on a phone', async () => {
    await go('networks/demo')
    await page.locator('.canvas').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('db-1')
    await page.getByRole('tab', { name: 'members' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('[data-table=members] tbody tr').nth(0).getByRole('button', { name: 'db-1' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('[data-inspector]').getByRole('heading', { name: 'db-1' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-inspector]').waitFor({ state: 'detached' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.waitForTimeout(500)
    await takePictures(page, 'phone')
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.equal(overflow, 0, 'nothing sticks out')
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  it('offers no act to a viewer, who sees all the same but what is of others, and runs nothing for a name', async () => {
    await addStranger(place, cast)
    await place.post('/v1/projects', { name: 'foreign' })
    await place.post('/v1/networks?project=foreign', { name: 'secret' })
    const { body } = await place.post('/v1/api-tokens', { name: 'night watch', role: 'viewer' })
    const other = await Browser.open()
    try {
      const view = await other.page()
      await signIn(view, url, body.token)
      await view.getByRole('link', { name: 'demo' }).click()
      await view.locator('[data-table=links] tbody tr').first().waitFor()
      await view.getByRole('tab', { name: 'members' }).click()
      await view.getByRole('button', { name: 'db-1' }).click()
      await view.locator('[data-inspector]').getByRole('heading', { name: 'db-1' }).waitFor()
      await view.getByRole('tab', { name: 'policy' }).click()
      await view.locator('textarea[name=policy]').waitFor()
      for (const act of ACTS)
        assert.equal(await view.getByRole('button', { name: act, exact: true }).count(), 0, act)
      await view.getByRole('tab', { name: 'members' }).click()
      await view.getByRole('button', { name: HOSTILE, exact: true }).click()
      await view.locator('[data-inspector]').getByRole('heading', { name: HOSTILE }).waitFor()
      assert.equal(await view.locator('img').count(), 0)
      assert.notEqual(await view.title(), 'taken', 'a hostile name runs nothing')
      await view.goto(`${url}#/networks/secret`)
      await view.getByRole('alert').waitFor()
      assert.deepEqual((await onCanvas(view))?.nodes ?? [], [], 'and nothing is drawn')
      await view.goto(`${url}#/`)
      await view.getByRole('link', { name: 'demo' }).waitFor()
      assert.equal(
        await view.getByRole('link', { name: 'secret' }).count(),
        0,
        'a foreign project is not there',
      )
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })

  it('asked nobody but its controller, and broke no rule of its content security policy', () => {
    const outside = browser.requests.filter((each) => !each.startsWith(url))
    assert.deepEqual(outside, [])
    assert.deepEqual(browser.complaints, [])
  })
})

const ACTS = ['Join a machine', 'Add a node', 'Make it a relay', 'Remove', 'New network', 'Preview', 'Apply']

/** A member with a name that no agent may choose: should one ever get in, it must stay text. */
async function addStranger(place: Place, cast: Cast): Promise<void> {
  const stranger = { ...enrolment(DEFAULT_PROJECT), name: HOSTILE }
  await place.controller.change({ actor: 'test' }, () => ({ events: [stranger], result: undefined }))
  const { status } = await place.post(`/v1/networks/${cast.network}/members`, { node: stranger.id })
  assert.equal(status, 201)
}

/** The token of a controller that listens at a port of the system's choice: its own port is not known when it is made. */
function atPort(token: string, port: string): string {
  const [prefix, body = ''] = token.split('_')
  const ticket = Buffer.from(body, 'base64url').toString()
  return `${prefix}_${Buffer.from(ticket.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`)).toString('base64url')}`
}
