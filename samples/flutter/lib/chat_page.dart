import 'dart:async';
import 'dart:convert';

import 'package:cote_client/cote_client.dart';
import 'package:flutter/material.dart';

import 'watch.dart';

class ChatPage extends StatefulWidget {
  const ChatPage({super.key, required this.client, required this.chatId});

  final CoteClient client;
  final String chatId;

  @override
  State<ChatPage> createState() => _ChatPageState();
}

class _ChatPageState extends State<ChatPage> {
  final TextEditingController _text = TextEditingController();

  CoteClient get _client => widget.client;
  String get _chatId => widget.chatId;

  @override
  void initState() {
    super.initState();
    _client.open(_chatId).ignore(); // the list is empty until the messages are there
  }

  @override
  void dispose() {
    _text.dispose();
    super.dispose();
  }

  void _send() {
    final text = _text.text.trim();
    if (text.isNotEmpty) {
      _client.send(_chatId, text).ignore(); // where it is refused it is shown as failed
      _text.clear();
    }
  }

  @override
  Widget build(BuildContext context) {
    return Watch(
      client: _client,
      builder: (context, state) {
        final messages = state.messages[_chatId] ?? const <Message>[];
        final pending = state.pending[_chatId] ?? const <Pending>[];
        final isReplying = messages.any((x) => x.isOpen);
        // The list begins at its end: there what waits, above it the messages.
        final rows = <Widget>[
          for (final waiting in pending.reversed) _pending(waiting),
          for (final message in messages.reversed) _message(message),
          if (state.more.contains(_chatId))
            TextButton(
              onPressed: () => attempt(context, () async {
                await _client.more(_chatId);
              }),
              child: const Text('Earlier messages'),
            ),
        ];
        return Scaffold(
          appBar: AppBar(title: Text(_title(state))),
          body: Column(
            children: <Widget>[
              if (state.status != Status.live) const LinearProgressIndicator(),
              Expanded(
                child: ListView.builder(
                  reverse: true,
                  padding: const EdgeInsets.all(12),
                  itemCount: rows.length,
                  itemBuilder: (context, at) => rows[at],
                ),
              ),
              if (state.typing.contains(_chatId)) const Text('The assistant is typing …'),
              _composer(isReplying: isReplying),
            ],
          ),
        );
      },
    );
  }

  String _title(CoteState state) {
    final found = state.chats.where((x) => x.id == _chatId);
    return found.isEmpty || found.first.title.isEmpty ? 'New chat' : found.first.title;
  }

  Widget _composer({required bool isReplying}) {
    return SafeArea(
      child: Padding(
        padding: const EdgeInsets.all(8),
        child: Row(
          children: <Widget>[
            Expanded(
              child: TextField(
                controller: _text,
                decoration: const InputDecoration(labelText: 'Message'),
                onSubmitted: (_) => _send(),
              ),
            ),
            if (isReplying)
              IconButton(
                tooltip: 'Stop',
                icon: const Icon(Icons.stop),
                onPressed: () => attempt(context, () async {
                  await _client.stop(_chatId);
                }),
              ),
            IconButton(tooltip: 'Send', icon: const Icon(Icons.send), onPressed: _send),
          ],
        ),
      ),
    );
  }

  Widget _message(Message message) {
    final problem = message.problem;
    return _Bubble(
      isUser: message.isUser,
      text: message.content,
      note: problem ?? (message.isOpen ? '…' : null),
      actions: <Widget>[
        for (final part in message.parts)
          if (part.type == 'tool' && part.state == 'waiting' && part.json['source'] != 'client')
            ..._approval(message, part),
      ],
    );
  }

  List<Widget> _approval(Message message, Part part) {
    Future<void> answer(bool isAllowed) async {
      await _client.answer(_chatId, message.id, part.callId ?? '', <String, dynamic>{'approve': isAllowed});
    }

    return <Widget>[
      Text('May the assistant use ${part.name} with ${jsonEncode(part.json['input'])}?'),
      TextButton(onPressed: () => attempt(context, () => answer(true)), child: const Text('Allow')),
      TextButton(onPressed: () => attempt(context, () => answer(false)), child: const Text('Deny')),
    ];
  }

  Widget _pending(Pending pending) {
    return _Bubble(
      isUser: true,
      text: pending.content,
      note: pending.isFailed ? pending.error?.detail ?? 'It was refused.' : 'Waiting for the network',
      actions: <Widget>[
        if (pending.isFailed)
          TextButton(
            onPressed: () => _client.retrySend(_chatId, pending.id).ignore(),
            child: const Text('Send again'),
          ),
        TextButton(onPressed: () => _client.dismiss(_chatId, pending.id), child: const Text('Discard')),
      ],
    );
  }
}

class _Bubble extends StatelessWidget {
  const _Bubble({required this.isUser, required this.text, required this.note, required this.actions});

  final bool isUser;
  final String text;
  final String? note;
  final List<Widget> actions;

  @override
  Widget build(BuildContext context) {
    final colors = Theme.of(context).colorScheme;
    final below = note;
    return Align(
      alignment: isUser ? Alignment.centerRight : Alignment.centerLeft,
      child: Card(
        color: isUser ? colors.primaryContainer : null,
        child: Padding(
          padding: const EdgeInsets.all(12),
          child: Column(
            crossAxisAlignment: CrossAxisAlignment.start,
            children: <Widget>[
              SelectableText(text),
              if (below != null) Text(below, style: Theme.of(context).textTheme.bodySmall),
              ...actions,
            ],
          ),
        ),
      ),
    );
  }
}
