// Holds the replica to the golden vectors, which were recorded from a real server and hold the other clients too.
import 'dart:convert';
import 'dart:io';

import 'package:cote_client/src/replica.dart';
import 'package:cote_client/src/types.dart';
import 'package:test/test.dart';

void main() {
  final files = Directory('../vectors').listSync().whereType<File>().where((x) => x.path.endsWith('.json')).toList();
  files.sort((a, b) => a.path.compareTo(b.path));

  test('there are vectors', () => expect(files, isNotEmpty));

  for (final file in files) {
    final vector = jsonDecode(file.readAsStringSync()) as Json;
    test('${vector['name']}: ${vector['about']}', () => play(vector));
  }
}

void play(Json vector) {
  var replica = Replica();
  for (final step in objects(vector['steps'])) {
    replica = take(replica, step);
  }
  final expected = vector['expect'] as Json;
  final messages = expected['messages'] as Json;
  final held = <String, dynamic>{
    'cursor': replica.cursor,
    'chats': replica.chats.map((x) => withoutChanged(x)).toList(),
    'messages': <String, dynamic>{
      for (final id in messages.keys) id: replica.messages(id).map((x) => comparable(x)).toList(),
    },
  };
  expect(plain(held), equals(expected));
}

/// Takes one step. A `want` is asserted, and from then on what it names is being fetched; a `reload` is a restart.
Replica take(Replica replica, Json step) {
  if (step.containsKey('frame')) {
    replica.apply(Frame(step['frame'] as Json));
  } else if (step.containsKey('open')) {
    replica.open(step['open'] as String);
  } else if (step.containsKey('want')) {
    final wanted = replica.wanted();
    expect(wanted.map((x) => form(x)).toList(), equals(step['want']));
    wanted.forEach(replica.begin);
  } else if (step.containsKey('sync')) {
    replica.sync(step['sync'] as Json);
  } else if (step.containsKey('chat')) {
    replica.row(Chat(step['chat'] as Json));
  } else if (step.containsKey('put')) {
    final answer = step['put'] as Json;
    if (answer.containsKey('chat')) {
      replica.putChat(Chat(answer['chat'] as Json));
    } else {
      replica.putMessage(Message(answer['message'] as Json));
    }
  } else if (step.containsKey('reload')) {
    return Replica()..load(plain(replica.save(replica.held)) as Json);
  } else if (step.containsKey('messages')) {
    final page = step['messages'] as Json;
    replica.fetched(
      page['chat_id'] as String,
      page['after'] as int?,
      objects(page['items']).map((x) => Message(x)).toList(),
      more: page['more'] == true,
    );
  } else {
    final messages = (step['expect'] as Json)['messages'] as Json;
    for (final id in messages.keys) {
      final held = replica.messages(id).map((x) => <String, dynamic>{'id': x.id, 'content': x.content}).toList();
      expect(held, equals(messages[id]));
    }
  }
  return replica;
}

/// A want as the vectors write it.
dynamic form(Want want) {
  switch (want.kind) {
    case WantKind.sync:
      return 'sync';
    case WantKind.chat:
      return <String, dynamic>{'chat': want.chatId};
    case WantKind.messages:
      return <String, dynamic>{'chat_id': want.chatId, 'after': want.after};
  }
}

/// One write may be several events, of which the chats that it touches keep the last: no frame tells.
Json withoutChanged(Chat chat) => <String, dynamic>{...chat.json}..remove('changed');

/// When an open reply was listed first, and its status, no frame tells.
Json comparable(Message message) {
  final json = <String, dynamic>{...message.json};
  if (message.isOpen) {
    json.remove('timestamp');
    json.remove('status');
  }
  return json;
}

dynamic plain(Object? value) => jsonDecode(jsonEncode(value));
