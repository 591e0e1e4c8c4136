import { leave } from './api/client.ts'
import { Network } from './pages/network.tsx'
import { Overview } from './pages/overview.tsx'
import { SignIn } from './pages/signin.tsx'
import { Mark, ThemeButton } from './panels/brand.tsx'
import { href, route } from './route.ts'
import { session } from './session.ts'
import { useStore } from './store.ts'

/** The whole page. */
export function App() {
  const who = useStore(session)
  const { parts } = useStore(route)
  const [place, name] = parts
  if (!who) return <SignIn />
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        Skip to content
      </button>
      <header class="bar">
        <a class="brand" href={href([])}>
          <Mark /> Weft
        </a>
        <nav aria-label="Where you are">
          <a href={href([])}>Networks</a>
          {place === 'networks' && name !== undefined && (
            <>
              <span aria-hidden="true">/</span>
              <a href={href(['networks', name])} aria-current="page">
                {name}
              </a>
            </>
          )}
        </nav>
        <span class="grow" />
        <ThemeButton />
        <button type="button" class="quiet" onClick={leave}>
          Sign out
        </button>
      </header>
      {place === 'networks' && name !== undefined ? <Network key={name} name={name} /> : <Overview />}
    </>
  )
}

function focusMain(): void {
  document.querySelector<HTMLElement>('main')?.focus()
}
