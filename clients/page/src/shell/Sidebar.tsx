import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import { client, useClient } from '../state/client.ts'
import type { Route } from '../state/route.ts'
import { go } from '../state/route.ts'
import { fail } from '../ui/toast.tsx'
import { Archive, Close, Compose, Dove, Gear, Keyboard, Left, Logout, Person, Search } from '../ui/icons.tsx'
import { Confirm } from '../ui/Dialog.tsx'
import { Menu } from '../ui/Menu.tsx'
import { ChatRow } from './ChatRow.tsx'
import { SearchResults } from './SearchResults.tsx'
import { newChat } from './Shell.tsx'
import { useChatList } from './lists.ts'

export function Sidebar({
  hidden,
  search,
  route,
  onKeys,
  onClose,
  narrow,
}: {
  hidden: boolean
  search: RefObject<HTMLInputElement | null>
  route: Route
  onKeys: () => void
  onClose: () => void
  narrow: boolean
}) {
  const [query, setQuery] = useState('')
  const [archive, setArchive] = useState(false)
  const clear = () => {
    setQuery('')
    search.current?.blur()
  }
  return (
    <aside class={`sidebar${hidden ? ' sidebar-hidden' : ''}`} aria-label="Chats" inert={hidden}>
      <div class="sidebar-head">
        <span class="brand">
          <Dove />
          Cote
        </span>
        {narrow && (
          <button type="button" class="icon-button" aria-label="Close the list" onClick={onClose}>
            <Close />
          </button>
        )}
      </div>
      <button
        type="button"
        class="button new-chat"
        onClick={() => {
          newChat()
          onClose()
        }}
      >
        <Compose />
        New chat
      </button>
      <div class="search" role="search">
        <Search />
        <input
          ref={search}
          type="search"
          aria-label="Search"
          placeholder="Search"
          value={query}
          maxLength={500}
          onInput={(e) => setQuery(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape') {
              e.stopPropagation()
              clear()
            }
          }}
        />
        {query && (
          <button type="button" class="icon-button small" aria-label="Clear the search" onClick={clear}>
            <Close />
          </button>
        )}
      </div>
      <nav
        class="chat-list"
        aria-label={archive ? 'Archived chats' : 'Chats'}
        onClick={(e) => {
          if ((e.target as HTMLElement).closest('a')) onClose()
        }}
      >
        {query.trim() ? (
          <SearchResults query={query.trim()} />
        ) : (
          <Sections archive={archive} current={route.id} onBack={() => setArchive(false)} />
        )}
      </nav>
      <div class="sidebar-foot">
        {!archive && !query.trim() && (
          <button type="button" class="row-button" onClick={() => setArchive(true)}>
            <Archive />
            Archived chats
          </button>
        )}
        <Account onKeys={onKeys} />
      </div>
    </aside>
  )
}

function Sections({ archive, current, onBack }: { archive: boolean; current?: string; onBack: () => void }) {
  const sections = useChatList(archive)
  const loading = useClient((s) => s.status === 'connecting' && s.chats.length === 0)
  return (
    <>
      {archive && (
        <button type="button" class="row-button" onClick={onBack}>
          <Left />
          All chats
        </button>
      )}
      {sections.map((section) => (
        <section key={section.name} aria-label={section.name}>
          <h2 class="section-name">{section.name}</h2>
          <ul>
            {section.chats.map((chat) => (
              <ChatRow key={chat.id} chat={chat} current={chat.id === current} />
            ))}
          </ul>
        </section>
      ))}
      {sections.length === 0 &&
        (loading ? (
          <div class="skeletons" role="status" aria-label="Loading the chats">
            {[80, 60, 72, 50].map((w) => (
              <span key={w} class={`skeleton w${w}`} />
            ))}
          </div>
        ) : (
          <p class="empty-list">{archive ? 'No chat is archived.' : 'Your chats will stand here.'}</p>
        ))}
    </>
  )
}

function Account({ onKeys }: { onKeys: () => void }) {
  const user = useClient((s) => s.user)
  const waiting = useClient((s) => Object.values(s.pending).reduce((n, all) => n + all.length, 0))
  const [asking, setAsking] = useState(false)
  const name = user?.username ?? '…'
  const logOut = () => {
    client.logout().catch(fail)
    go('/')
  }
  return (
    <>
    <Menu
      label="Account"
      showLabel
      className="row-button account"
      button={
        <>
          <span class="avatar" aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span class="account-name">{name}</span>
        </>
      }
      items={[
        { label: 'Settings', icon: <Gear />, onSelect: () => go('/settings/account') },
        { label: 'Sessions', icon: <Person />, onSelect: () => go('/settings/sessions') },
        { label: 'Keyboard', icon: <Keyboard />, onSelect: onKeys },
        {
          label: 'Log out',
          icon: <Logout />,
          onSelect: () => (waiting ? setAsking(true) : logOut()),
        },
      ]}
    />
    {asking && (
      <Confirm
        title="Log out?"
        text={`${waiting === 1 ? 'A message was' : `${waiting} messages were`} not sent yet and would be lost.`}
        action="Log out"
        onClose={() => setAsking(false)}
        onConfirm={logOut}
      />
    )}
    </>
  )
}
