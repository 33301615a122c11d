namespace Cote;

/// <summary>Titles of chats that were made without one.</summary>
public sealed class TitlesOptions
{
    /// <summary>
    /// The model that makes a title after the first reply of a chat, as <c>provider/model</c> or a provider's name
    /// alone. Unset: the title is the first line of the first question.
    /// </summary>
    public string? Model { get; set; }

    internal bool IsConfigured => !string.IsNullOrWhiteSpace(Model);
}
