namespace Cote;

/// <summary>What differs for one model of a provider; null where it is as its provider says.</summary>
public sealed record ModelSettings
{
    /// <summary>Its context window in tokens.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The most tokens of a reply, where the chat does not say.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The sampling temperature from 0 to 2, where the chat does not say.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether it sees images.</summary>
    public bool? Vision { get; init; }

    /// <summary>Whether it hears audio.</summary>
    public bool? Audio { get; init; }

    /// <summary>Whether it calls tools.</summary>
    public bool? Tools { get; init; }
}
