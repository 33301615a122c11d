import 'package:cote_client/cote_client.dart';
import 'package:flutter/material.dart';

import 'chat_page.dart';
import 'watch.dart';

class ChatsPage extends StatelessWidget {
  const ChatsPage({super.key, required this.client});

  final CoteClient client;

  void _show(BuildContext context, String chatId) {
    Navigator.of(context).push(
      MaterialPageRoute<void>(builder: (_) => ChatPage(client: client, chatId: chatId)),
    );
  }

  // The chat can be written in at once: its making waits in the outbox before its first message.
  void _make(BuildContext context) {
    final id = uuid();
    attempt(context, () async {
      await client.createChat(id: id);
    });
    _show(context, id);
  }

  @override
  Widget build(BuildContext context) {
    return Watch(
      client: client,
      builder: (context, state) {
        final chats = state.chats.where((x) => !x.isArchived).toList();
        return Scaffold(
          appBar: AppBar(
            title: Text(state.status == Status.live ? 'Chats' : 'Chats (${state.status.name})'),
            actions: <Widget>[
              IconButton(
                tooltip: 'Log out',
                icon: const Icon(Icons.logout),
                onPressed: () => attempt(context, client.logout),
              ),
            ],
          ),
          floatingActionButton: FloatingActionButton(
            tooltip: 'New chat',
            onPressed: () => _make(context),
            child: const Icon(Icons.add),
          ),
          body: ListView.builder(
            itemCount: chats.length,
            itemBuilder: (context, at) {
              final chat = chats[at];
              final waiting = state.pending[chat.id]?.length ?? 0;
              return ListTile(
                leading: chat.isPinned ? const Icon(Icons.push_pin) : null,
                title: Text(chat.title.isEmpty ? 'New chat' : chat.title),
                subtitle: Text(chat.lastMessageContent, maxLines: 1, overflow: TextOverflow.ellipsis),
                trailing: waiting == 0 ? null : Text('$waiting waiting'),
                onTap: () => _show(context, chat.id),
              );
            },
          ),
        );
      },
    );
  }
}
