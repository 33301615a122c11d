using System.Text.Json;

namespace Cote.Client;

/// <summary>A write that is done once, however often it is tried: its id is made here.</summary>
/// <param name="Id">The id of what it makes.</param>
/// <param name="ChatId">The chat whose writes keep their order.</param>
/// <param name="Kind"><c>chat</c>, <c>send</c> or <c>regenerate</c>.</param>
/// <param name="Path">Where it is posted to.</param>
/// <param name="Body">What is posted.</param>
/// <param name="OwnParent">True where this client chose the parent, and not who uses it.</param>
/// <param name="Failure">Why the server refused it; null while it waits.</param>
sealed record Errand(
    string Id, string ChatId, string Kind, string Path, JsonElement Body, bool OwnParent = false,
    Failure? Failure = null);

/// <summary>A refusal as it is stored.</summary>
sealed record Failure(int Status, string Code, string Detail);
