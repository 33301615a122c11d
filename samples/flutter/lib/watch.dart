import 'package:cote_client/cote_client.dart';
import 'package:flutter/material.dart';

/// Builds its child again when the state of the client changes.
class Watch extends StatefulWidget {
  const Watch({super.key, required this.client, required this.builder});

  final CoteClient client;
  final Widget Function(BuildContext context, CoteState state) builder;

  @override
  State<Watch> createState() => _WatchState();
}

class _WatchState extends State<Watch> {
  late final void Function() _unsubscribe;

  @override
  void initState() {
    super.initState();
    _unsubscribe = widget.client.subscribe(() {
      if (mounted) {
        setState(() {});
      }
    });
  }

  @override
  void dispose() {
    _unsubscribe();
    super.dispose();
  }

  @override
  Widget build(BuildContext context) => widget.builder(context, widget.client.state);
}

/// Runs an action, and shows what went wrong with it.
Future<void> attempt(BuildContext context, Future<void> Function() action) async {
  final messenger = ScaffoldMessenger.of(context);
  try {
    await action();
  } on CoteError catch (error) {
    messenger.showSnackBar(SnackBar(content: Text(error.detail)));
  }
}
