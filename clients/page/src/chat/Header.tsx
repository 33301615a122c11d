import type { Chat } from 'cote-client'
import { useState } from 'preact/hooks'
import { ConfirmDelete, Rename } from '../shell/ChatRow.tsx'
import { titleOf } from '../shell/lists.ts'
import { Dots, Ghost, Menu as MenuIcon, Share, Sliders } from '../ui/icons.tsx'
import { lazy } from '../ui/lazy.tsx'
import { Menu } from '../ui/Menu.tsx'
import { chatActions } from './actions.tsx'

const ChatSettings = lazy(() => import('../settings/ChatSettings.tsx').then((m) => m.ChatSettings))
const ShareDialog = lazy(() => import('../settings/ShareDialog.tsx').then((m) => m.ShareDialog))

export function Header({
  chat,
  options,
  onOptions,
  onMenu,
  narrow,
}: {
  chat?: Chat
  options: Partial<Chat>
  onOptions: (options: Partial<Chat>) => void
  onMenu: () => void
  narrow: boolean
}) {
  const [open, setOpen] = useState<'settings' | 'share' | 'rename' | 'delete'>()
  const close = () => setOpen(undefined)
  const temporary = !!(chat ?? options).temporary
  return (
    <header class="chat-head">
      {narrow && (
        <button type="button" class="icon-button" aria-label="Show the list of chats" onClick={onMenu}>
          <MenuIcon />
        </button>
      )}
      <div class="chat-title">
        {chat && open === 'rename' ? (
          <Rename chat={chat} onDone={close} />
        ) : chat ? (
          <h1 dir="auto" title={titleOf(chat)} onDblClick={() => setOpen('rename')}>
            {titleOf(chat)}
          </h1>
        ) : (
          <span />
        )}
        {temporary && (
          <span class="badge">
            <Ghost />
            Temporary
          </span>
        )}
        {chat?.is_archived && <span class="badge">Archived</span>}
      </div>
      {!chat && (
        <button
          type="button"
          class="icon-button"
          aria-pressed={temporary}
          aria-label="Temporary chat"
          title="Temporary chat"
          onClick={() => onOptions({ ...options, temporary: !temporary || undefined })}
        >
          <Ghost />
        </button>
      )}
      {chat && (
        <button type="button" class="icon-button" aria-label="Share" title="Share" onClick={() => setOpen('share')}>
          <Share />
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label="Settings of this chat"
        title="Settings of this chat"
        onClick={() => setOpen('settings')}
      >
        <Sliders />
      </button>
      {chat && (
        <Menu
          label="More"
          align="right"
          button={<Dots />}
          items={chatActions(
            chat,
            () => setOpen('rename'),
            () => setOpen('delete'),
          )}
        />
      )}
      {open === 'settings' && <ChatSettings chat={chat} options={options} onOptions={onOptions} onClose={close} />}
      {open === 'share' && chat && <ShareDialog chat={chat} onClose={close} />}
      {open === 'delete' && chat && <ConfirmDelete chat={chat} onClose={close} />}
    </header>
  )
}
