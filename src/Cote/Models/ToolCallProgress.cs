using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// A sign of life: the model writes the arguments of a tool call, which is given when it is whole. It is no part of an
/// answer.
/// </summary>
sealed class ToolCallProgress : AIContent;
