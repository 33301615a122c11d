namespace Cote.Chats;

/// <summary>
/// A chat of an export, whatever product wrote it: what a reader of a format makes and an import stores.
/// </summary>
/// <param name="Source">The product, as a word that ids are derived from: it may never change.</param>
/// <param name="SourceId">The chat's id there.</param>
/// <param name="Messages">In the order of the file; their parents may be missing or form circles.</param>
sealed record ImportedChat(string Source, string SourceId, IReadOnlyList<ImportedMessage> Messages)
{
    /// <summary>The account of Cote that it came from, which keeps its ids.</summary>
    public string? OwnerId { get; init; }

    public string Title { get; init; } = "";

    public Timestamp? CreatedAt { get; init; }

    public string? SystemPrompt { get; init; }

    public string? Model { get; init; }

    public double? Temperature { get; init; }

    public int? MaxTokens { get; init; }

    public string? ReasoningEffort { get; init; }

    /// <summary>The tools that it has chosen; null for all.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    public bool IsPinned { get; init; }

    public bool IsArchived { get; init; }

    /// <summary>The message that the product showed last, or null where the file does not say.</summary>
    public string? LeafId { get; init; }
}

/// <summary>Who wrote a message, or what it is instead.</summary>
enum ImportedRole
{
    User,
    Assistant,

    /// <summary>Instructions, or a node without a message: left out, what followed it follows its parent.</summary>
    System,

    /// <summary>A message of a tool beside the replies that name its calls: left out as well.</summary>
    Tool,

    /// <summary>A role that no product is known to write: left out and reported.</summary>
    Unknown,
}

/// <summary>A message of an export.</summary>
/// <param name="Id">Its id in the chat; two messages may have the same one.</param>
/// <param name="ParentId">The message before it, or null at a beginning.</param>
/// <param name="Role">Who wrote it.</param>
/// <param name="Text">Its text, well-formed and without reasoning and tools.</param>
sealed record ImportedMessage(string Id, string? ParentId, ImportedRole Role, string Text)
{
    public Timestamp? At { get; init; }

    public string? Model { get; init; }

    public IReadOnlyList<ImportedFile> Files { get; init; } = [];

    public string Type { get; init; } = "text";

    public string Importance { get; init; } = "normal";

    /// <summary>Of a user's message: the message that the user answers to.</summary>
    public string? ReplyToId { get; init; }

    /// <summary>Of a reply that is more than plain text: what it is made of.</summary>
    public IReadOnlyList<Part> Parts { get; init; } = [];

    /// <summary>
    /// Whether its part tells of one of the replies before it what came of it: the output of a call, or the time of a
    /// thought.
    /// </summary>
    public bool EndsPart { get; init; }

    /// <summary>What the user thinks of it, where it is a reply of Cote's.</summary>
    public Feedback? Feedback { get; init; }

    /// <summary>How Cote made it, where Cote did.</summary>
    public Generation? Generation { get; init; }

    /// <summary>
    /// Whether it is a message without text too: a reply of Cote's that failed before its first word.
    /// </summary>
    public bool KeepsEmpty { get; init; }
}

/// <summary>What a message of an export names: one of the ways to its bytes is known, or none.</summary>
/// <param name="Name">The name that stands in the text where the bytes are not to be had.</param>
/// <param name="ArchiveId">The id in the names of the archive's entries.</param>
/// <param name="Data">A <c>data:</c> URL.</param>
/// <param name="MediaId">An upload of Cote's.</param>
sealed record ImportedFile(string Name, string? ArchiveId = null, string? Data = null, string? MediaId = null);

/// <summary>
/// Why a chat was left out, or lost messages. The words are answers of the API: they may never change.
/// </summary>
static class SkipReasons
{
    public const string Exists = "exists";
    public const string Deleted = "deleted";
    public const string NotAChat = "not_a_chat";
    public const string Unreadable = "unreadable";
    public const string Empty = "empty";
    public const string TooManyMessages = "too_many_messages";
    public const string TextTooLong = "text_too_long";
    public const string TooDeep = "too_deep";
    public const string UnknownRole = "unknown_role";
}

/// <summary>What an import takes.</summary>
static class ImportLimits
{
    public const int Chats = 50_000;
    public const int MessagesOfChat = 10_000;
    public const int TextBytes = 1_048_576;
    public const int Levels = 64;
    public const int Entries = 1_000;
    public const long UnpackedBytes = 1_073_741_824;
    public const int Ratio = 100;

    /// <summary>The JSON of one chat, which is the most of a file that is in memory at a time.</summary>
    public const int ChatBytes = 64 * 1_048_576;

    /// <summary>A larger import is answered before it is done.</summary>
    public const long BytesAtOnce = 20 * 1_048_576;

    /// <summary>The uploads that one message may name.</summary>
    public const int FilesOfMessage = 32;
}
