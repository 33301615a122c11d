namespace Cote.Media.Reading;

/// <summary>Why a file cannot be read.</summary>
/// <param name="word">One of the words below: what a model is told.</param>
/// <param name="inner">What the parser threw.</param>
sealed class UnreadableException(string word, Exception? inner = null) : Exception($"The file is {word}.", inner)
{
    public const string Encrypted = "encrypted";
    public const string Damaged = "damaged";
    public const string TooLarge = "too large";
    public const string Empty = "empty";

    /// <summary>One of the words.</summary>
    public string Word { get; } = word;

    /// <summary>The word, where it is one of them: a reader that a file has taken over may say anything.</summary>
    public static string Known(string? word) => word is Encrypted or TooLarge or Empty ? word : Damaged;
}
