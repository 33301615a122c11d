namespace Cote.Media.Reading;

/// <summary>Why a file cannot be read.</summary>
/// <param name="word">One of the words below: what a model is told.</param>
sealed class UnreadableException(string word, Exception? inner = null) : Exception(word, inner)
{
    public const string Encrypted = "encrypted", Damaged = "damaged", TooLarge = "too large", Empty = "empty";

    public string Word { get; } = word;
}
