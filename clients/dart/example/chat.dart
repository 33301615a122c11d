// A chat in a terminal: dart run example/chat.dart http://localhost:8000 ada 'correct horse battery'
import 'dart:convert';
import 'dart:io';

import 'package:cote_client/cote_client.dart';

Future<void> main(List<String> arguments) async {
  final client = createClient(url: arguments[0], storage: fileStorage('.cote'));
  await client.start();
  if (client.state.status == Status.loggedOut) {
    await client.login(arguments[1], arguments[2]);
  }
  final chat = await client.createChat(title: 'From a terminal');
  await client.open(chat.id);

  var shown = '';
  client.subscribe(() {
    final messages = client.state.messages[chat.id] ?? const <Message>[];
    if (messages.isEmpty || messages.last.isUser) {
      return;
    }
    final text = messages.last.content;
    if (!text.startsWith(shown)) {
      stdout.write('\n'); // another reply, or another attempt
      shown = '';
    }
    stdout.write(text.substring(shown.length));
    shown = text;
  });

  await for (final line in stdin.transform(utf8.decoder).transform(const LineSplitter())) {
    if (line == '/quit') {
      break;
    }
    shown = '';
    await client.send(chat.id, line); // completes when the server has it, however long the network is away
  }
  await client.save();
  client.close();
}
