import { useEffect } from 'preact/hooks'
import { isNarrow } from '../shell/Shell.tsx'
import { useClient } from '../state/client.ts'
import { Close, Menu as MenuIcon } from '../ui/icons.tsx'
import { Account } from './Account.tsx'
import { Appearance } from './Appearance.tsx'
import { Data } from './Data.tsx'
import { Instructions } from './Instructions.tsx'
import { Keys } from './Keys.tsx'
import { Notifications } from './Notifications.tsx'
import { Sessions } from './Sessions.tsx'
import { Shares } from './Shares.tsx'
import { Usage } from './Usage.tsx'
import './settings.css'

const tabs = [
  ['account', 'Account', Account],
  ['appearance', 'Appearance', Appearance],
  ['instructions', 'Instructions', Instructions],
  ['notifications', 'Notifications', Notifications],
  ['usage', 'Usage', Usage],
  ['sessions', 'Sessions', Sessions],
  ['shares', 'Shared links', Shares],
  ['data', 'Export and import', Data],
  ['keys', 'API keys', Keys],
] as const

export function Settings({ tab, onMenu }: { tab: string; onMenu: () => void }) {
  const [id, name, Page] = tabs.find((t) => t[0] === tab) ?? tabs[0]
  const user = useClient((s) => s.user)
  useEffect(() => {
    document.title = `${name} · Cote`
  }, [name])
  return (
    <div class="settings">
      <header class="chat-head">
        {isNarrow() && (
          <button type="button" class="icon-button" aria-label="Show the list of chats" onClick={onMenu}>
            <MenuIcon />
          </button>
        )}
        <div class="chat-title">
          <h1>Settings</h1>
        </div>
        <a class="icon-button" href="#/" aria-label="Close the settings" title="Close">
          <Close />
        </a>
      </header>
      <div class="settings-body">
        <nav class="settings-tabs" aria-label="Settings">
          {tabs.map(([key, label]) => (
            <a key={key} href={`#/settings/${key}`} aria-current={key === id ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <section class="settings-page" aria-label={name} key={`${id}${user?.id}`}>
          <h2>{name}</h2>
          <Page />
        </section>
      </div>
    </div>
  )
}
