import 'package:cote_client/cote_client.dart';
import 'package:shared_preferences/shared_preferences.dart';

/// Keeps the values of a client in the preferences of the app, in browsers too.
class PreferencesStorage implements Storage {
  PreferencesStorage(this._preferences);

  final SharedPreferences _preferences;

  @override
  String? get(String key) => _preferences.getString('cote:$key');

  @override
  Future<void> set(String key, String value) async {
    await _preferences.setString('cote:$key', value);
  }

  @override
  Future<void> remove(String key) async {
    await _preferences.remove('cote:$key');
  }
}
