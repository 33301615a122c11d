import 'package:cote_client/cote_client.dart';
import 'package:flutter/material.dart';

import 'watch.dart';

class LoginPage extends StatefulWidget {
  const LoginPage({super.key, required this.client});

  final CoteClient client;

  @override
  State<LoginPage> createState() => _LoginPageState();
}

class _LoginPageState extends State<LoginPage> {
  final TextEditingController _username = TextEditingController();
  final TextEditingController _email = TextEditingController();
  final TextEditingController _password = TextEditingController();
  bool _isNew = false;
  bool _isBusy = false;

  @override
  void dispose() {
    _username.dispose();
    _email.dispose();
    _password.dispose();
    super.dispose();
  }

  Future<void> _submit() async {
    setState(() => _isBusy = true);
    await attempt(context, () async {
      if (_isNew) {
        await widget.client.register(_username.text, _email.text, _password.text);
      } else {
        await widget.client.login(_username.text, _password.text);
      }
    });
    if (mounted) {
      setState(() => _isBusy = false);
    }
  }

  @override
  Widget build(BuildContext context) {
    final action = _isNew ? 'Register' : 'Log in';
    return Scaffold(
      appBar: AppBar(title: Text(action)),
      body: Center(
        child: ConstrainedBox(
          constraints: const BoxConstraints(maxWidth: 400),
          child: ListView(
            padding: const EdgeInsets.all(24),
            shrinkWrap: true,
            children: <Widget>[
              TextField(controller: _username, decoration: const InputDecoration(labelText: 'Username')),
              if (_isNew) TextField(controller: _email, decoration: const InputDecoration(labelText: 'E-mail')),
              TextField(
                controller: _password,
                obscureText: true,
                decoration: const InputDecoration(labelText: 'Password'),
                onSubmitted: (_) => _submit(),
              ),
              const SizedBox(height: 24),
              FilledButton(onPressed: _isBusy ? null : _submit, child: Text(action)),
              TextButton(
                onPressed: () => setState(() => _isNew = !_isNew),
                child: Text(_isNew ? 'I have an account' : 'I am new here'),
              ),
            ],
          ),
        ),
      ),
    );
  }
}
