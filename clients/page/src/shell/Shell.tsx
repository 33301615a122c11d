import { useEffect, useRef, useState } from 'preact/hooks'
import { ChatView } from '../chat/ChatView.tsx'
import { useStranded } from '../chat/draft.ts'
import { prepareTexts } from '../message/Text.tsx'
import { useClient } from '../state/client.ts'
import { useKeys } from '../state/keys.ts'
import { currentChat, go, replace, useRoute } from '../state/route.ts'
import { lazy } from '../ui/lazy.tsx'
import { Banner } from './Banner.tsx'
import { Sidebar } from './Sidebar.tsx'
import { neighbour, useChatList } from './lists.ts'

const Settings = lazy(() => import('../settings/Settings.tsx').then((m) => m.Settings))
const Shortcuts = lazy(() => import('../settings/Shortcuts.tsx').then((m) => m.Shortcuts))
const ImportShare = lazy(() => import('../settings/ImportShare.tsx').then((m) => m.ImportShare))

export const isNarrow = () => matchMedia('(max-width: 820px)').matches

/** The page of one who is logged in: the list of chats beside the chat. */
export function Shell() {
  const route = useRoute()
  const [drawer, setDrawer] = useState(false)
  const [keys, setKeys] = useState(false)
  const [narrow, setNarrow] = useState(isNarrow)
  const search = useRef<HTMLInputElement>(null)
  const list = useChatList(false)
  const ready = useClient((s) => s.status === 'live' || s.status === 'offline')

  useEffect(() => {
    const media = matchMedia('(max-width: 820px)')
    const changed = () => setNarrow(media.matches)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [])
  useEffect(() => void prepareTexts(), [])
  useStranded()
  useEffect(() => setDrawer(false), [route.page, route.id, route.message])

  const move = (by: number) => {
    const to = neighbour(list, currentChat(), by)
    if (to) go(`/c/${to}`)
  }
  useKeys({
    'Mod+k': () => {
      if (narrow) setDrawer(true)
      search.current?.focus()
      if (narrow) setTimeout(() => search.current?.focus(), 50)
    },
    'Mod+Shift+o': newChat,
    'Alt+ArrowUp': () => move(-1),
    'Alt+ArrowDown': () => move(1),
    '/': focusMessage,
    '?': () => setKeys(true),
    Escape: () => {
      if (!drawer || !narrow) return false
      setDrawer(false)
    },
  })
  const hidden = narrow && !drawer
  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(e) => {
          e.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        Skip to the chat
      </a>
      {narrow && drawer && <div class="scrim" onClick={() => setDrawer(false)} />}
      <Sidebar
        hidden={hidden}
        search={search}
        route={route}
        onKeys={() => setKeys(true)}
        onClose={() => setDrawer(false)}
        narrow={narrow}
      />
      <main id="main" class="main" tabIndex={-1} inert={narrow && drawer}>
        <Banner />
        {route.page === 'settings' ? (
          <Settings tab={route.id!} onMenu={() => setDrawer(true)} />
        ) : route.page === 'import-share' ? (
          <ImportShare token={route.id!} />
        ) : (
          <ChatView
            key={route.id ?? 'new'}
            id={route.id}
            message={route.message}
            ready={ready}
            onMenu={() => setDrawer(true)}
          />
        )}
      </main>
      {keys && <Shortcuts onClose={() => setKeys(false)} />}
    </div>
  )
}

export function newChat() {
  if (currentChat()) go('/')
  else replace('/')
  setTimeout(focusMessage, 50)
}

export function focusMessage() {
  document.querySelector<HTMLTextAreaElement>('textarea[name=message]')?.focus()
}
