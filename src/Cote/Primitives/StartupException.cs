namespace Cote;

/// <summary>Why the server cannot start: one sentence for a person, that names what to change.</summary>
public sealed class StartupException(string sentence, Exception? inner = null) : Exception(sentence, inner);
