using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>A tool that a client executes, as a model call is given it.</summary>
sealed class ClientFunction(string name, string description, JsonElement parameters) : AIFunctionDeclaration
{
    public override string Name => name;

    public override string Description => description;

    public override JsonElement JsonSchema => parameters;
}
