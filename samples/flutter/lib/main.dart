import 'dart:async';

import 'package:cote_client/cote_client.dart';
import 'package:flutter/material.dart';
import 'package:shared_preferences/shared_preferences.dart';

import 'chats_page.dart';
import 'login_page.dart';
import 'preferences_storage.dart';
import 'watch.dart';

const String address = String.fromEnvironment('COTE_URL', defaultValue: 'http://localhost:8000');

Future<void> main() async {
  WidgetsFlutterBinding.ensureInitialized();
  final preferences = await SharedPreferences.getInstance();
  final client = createClient(url: address, storage: PreferencesStorage(preferences));
  unawaited(client.start()); // what is stored is shown at once, with or without a network
  runApp(ChatApp(client: client));
}

class ChatApp extends StatefulWidget {
  const ChatApp({super.key, required this.client});

  final CoteClient client;

  @override
  State<ChatApp> createState() => _ChatAppState();
}

class _ChatAppState extends State<ChatApp> with WidgetsBindingObserver {
  @override
  void initState() {
    super.initState();
    WidgetsBinding.instance.addObserver(this);
  }

  @override
  void dispose() {
    WidgetsBinding.instance.removeObserver(this);
    widget.client.close();
    super.dispose();
  }

  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    if (state == AppLifecycleState.resumed) {
      widget.client.wake();
    } else if (state == AppLifecycleState.paused) {
      unawaited(widget.client.save());
    }
  }

  @override
  Widget build(BuildContext context) {
    return MaterialApp(
      title: 'Cote',
      theme: ThemeData(colorSchemeSeed: Colors.teal),
      darkTheme: ThemeData(colorSchemeSeed: Colors.teal, brightness: Brightness.dark),
      home: Watch(
        client: widget.client,
        builder: (context, state) => state.status == Status.loggedOut
            ? LoginPage(client: widget.client)
            : ChatsPage(client: widget.client),
      ),
    );
  }
}
