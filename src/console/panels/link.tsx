import { useEffect, useState } from 'preact/hooks'
import type { Link, Paths } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { type GraphModel, keyOf, type LiveLink } from '../graph/model.ts'
import { bytes, when } from '../text.ts'
import { TrafficChart } from './chart.tsx'
import { Explanation } from './explanation.tsx'
import { Fact } from './fact.tsx'
import { Notice } from './notice.tsx'
import { ageText, PathWord, State } from './tables.tsx'

interface LinkInspectorProps {
  readonly network: string
  readonly model: GraphModel
  readonly nameOf: (id: string) => string
  readonly onSelect: (ids: readonly string[]) => void
  readonly a: string
  readonly b: string
}

/** Milliseconds between two looks at a link that is open here. */
const AGAIN = 5_000

/** The link of two members: its facts, its ends, and why it takes its path; looked up again while it is open. */
export function LinkInspector({ network, model, a, b, nameOf, onSelect }: LinkInspectorProps) {
  const [link, setLink] = useState<Link>()
  const [paths, setPaths] = useState<Paths>()
  const [error, setError] = useState<unknown>()
  const shown = linkOf(model, a, b)
  const apart = model.graph.apart.find((pair) => keyOf(pair) === keyOf({ a, b }))
  useEffect(() => {
    const stop = new AbortController()
    setLink(undefined)
    setPaths(undefined)
    const look = () =>
      Promise.all([
        api.call('showLink', { path: { network, a, b } }, stop.signal).then(setLink),
        api
          .call('explainPaths', { path: { network }, query: { from: a, to: b } }, stop.signal)
          .then(setPaths),
      ]).then(
        () => setError(undefined),
        (cause: unknown) => {
          if (!stop.signal.aborted) setError(cause)
        },
      )
    look()
    const timer = setInterval(look, AGAIN)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [network, a, b, shown?.state, shown?.path])
  return (
    <article>
      <header class="subject">
        <h2>
          {nameOf(a)} – {nameOf(b)}
        </h2>
        {link && <State word={apart?.why ?? link.state} />}
      </header>
      <Notice error={error} />
      {link && <LinkFacts link={link} nameOf={nameOf} />}
      {paths && <Explanation paths={paths} nameOf={nameOf} />}
      <button type="button" class="quiet" onClick={() => onSelect([a])}>
        Only {nameOf(a)}
      </button>
    </article>
  )
}

function linkOf(model: GraphModel, a: string, b: string): LiveLink | undefined {
  return model.links.get(keyOf({ a, b }))
}

function LinkFacts({ link, nameOf }: { readonly link: Link; readonly nameOf: (id: string) => string }) {
  const [fine] = link.traffic
  return (
    <>
      <dl>
        <Fact name="Path">
          <PathWord path={link.path} via={link.via === null ? undefined : nameOf(link.via)} />
        </Fact>
        <Fact name="Why">{link.reason}</Fact>
        <Fact name="Handshake">
          {link.handshakeAgeSeconds === null ? 'never' : `${ageText(link.handshakeAgeSeconds)} ago`}
        </Fact>
        <Fact name="In all">
          {bytes(link.rxBytes)} received, {bytes(link.txBytes)} sent
        </Fact>
        {link.lastChange && (
          <Fact name="Last change">
            {link.lastChange.actorName} {link.lastChange.what.join('; ')}, {when(link.lastChange.at)}
          </Fact>
        )}
      </dl>
      <section>
        <h3>Traffic</h3>
        {fine ? <TrafficChart level={fine} /> : <p class="muted">Nothing has been reported yet.</p>}
      </section>
      <section>
        <h3>Ends</h3>
        <div class="scroll">
          <table class="dense ends">
            <thead>
              <tr>
                <td />
                <th scope="col">{link.a.name}</th>
                <th scope="col">{link.b.name}</th>
              </tr>
            </thead>
            <tbody>
              <End name="Sees the other at" a={link.a.endpoint} b={link.b.endpoint} />
              <End name="Address" a={link.a.ipv4} b={link.b.ipv4} />
              <End name="Key fingerprint" a={link.a.keyFingerprint} b={link.b.keyFingerprint} />
              <End name="Revision" a={revision(link.a)} b={revision(link.b)} />
              {(link.a.refused ?? link.b.refused) !== null && (
                <End name="Refused" a={link.a.refused} b={link.b.refused} />
              )}
            </tbody>
          </table>
        </div>
      </section>
    </>
  )
}

function revision({ appliedRevision, desiredRevision }: Link['a']): string {
  return `${appliedRevision} of ${desiredRevision}`
}

function End({
  name,
  a,
  b,
}: {
  readonly name: string
  readonly a: string | null
  readonly b: string | null
}) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="mono breaks">{a ?? '–'}</td>
      <td class="mono breaks">{b ?? '–'}</td>
    </tr>
  )
}
