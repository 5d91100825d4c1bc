"""One agent a stage: it answers its stage's questions, from a view of the case and what is handed over."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from corpora import Frozen
from service.answers import Answer, PlannedStep, StepError
from service.budget import Budget
from service.cases.arms import CasePlan
from service.cases.asking import asked
from service.cases.forms import FORMS, FilledForm, parse_form, rows_schema
from service.cases.protocol import FormName, Protocol, ProtocolQuestion, ProtocolStage
from service.cases.queries import case_query
from service.cases.views import StageView
from service.errors import GenerationError, GenerationRefused, GenerationTruncated
from service.events import AnswerEvent, Event
from service.generators import Generator
from service.prompts import FormPrompt
from service.questions import Question
from service.retrieval import Retriever
from service.strategies import STRATEGIES
from service.strategies.answering import Answering


class CaseAnswer(Frozen):
    """What became of one question of one case.

    Attributes:
        answer: ``None`` where the question was not answered; then ``error`` or ``skipped`` says why.
        form: ``None`` where none was asked for, or the reply did not keep to it (then ``unparsed_form``), or
            was cut or refused (then ``form_error``); the answer stands in any case.
    """

    case_id: str
    stage: str
    question_id: str
    answer: Answer | None = None
    form: FilledForm | None = None
    unparsed_form: str | None = None
    form_error: StepError | None = None
    error: StepError | None = None
    skipped: str | None = None


@dataclass(frozen=True)
class Agent:
    """The agent of one stage. It holds no case: all it knows comes with each call."""

    protocol: Protocol
    stage: ProtocolStage
    plan: CasePlan
    retriever: Retriever
    generator: Generator
    budget: Budget

    async def answer(
        self, view: StageView, question: ProtocolQuestion, handed: Mapping[str, str], query: str | None = None
    ) -> CaseAnswer:
        """Answer one question of this agent's stage.

        Args:
            handed: Earlier questions' answers; see `service.cases.arms.Carry`.
            query: In place of the one written for the question.

        Raises:
            ValueError: If the view is of another stage, or the question is not this stage's.
            ServiceError: If the model is down or too slow. A refused or cut reply is a record with an error.
        """
        if view.now.name != self.stage.name or question not in self.stage.questions:
            raise ValueError(
                f"the agent of {self.stage.name} was given {view.now.name} {question.question_id}"
            )
        record = CaseAnswer(case_id=view.case_id, stage=self.stage.name, question_id=question.question_id)
        posed = asked(view, self.protocol, question, handed)
        if query is None:
            query = case_query(view, question, self._diagnosis(handed))
        try:
            answer = await self._answered(posed, question, query)
        except (GenerationTruncated, GenerationRefused) as error:
            return record.model_copy(update={"error": _stopped(error)})
        record = record.model_copy(update={"answer": answer})
        if question.form is None or not self.plan.forms or answer.abstained:
            return record
        try:
            reply = await self._form_reply(posed, question.form, answer)
        except (GenerationTruncated, GenerationRefused) as error:
            return record.model_copy(update={"form_error": _stopped(error)})
        form = parse_form(question.form, reply)
        return record.model_copy(update={"form": form, "unparsed_form": None if form else reply})

    async def _answered(self, posed: Question, question: ProtocolQuestion, query: str) -> Answer:
        name = self.plan.strategy_of(question.question_id)
        if name == "single":
            events = self._looked_up(posed, question, query)
        else:
            events = STRATEGIES[name](posed, self.retriever, self.generator, self.budget)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, AnswerEvent):
                    return event.answer
        raise AssertionError("a strategy that raises nothing ends with its answer")

    async def _looked_up(
        self, posed: Question, question: ProtocolQuestion, query: str
    ) -> AsyncGenerator[Event, None]:
        """The strategy ``single`` with a query of its own: a whole case is a poor one."""
        answering = Answering("single", posed, self.retriever, self.generator, self.budget)
        sub_question = question.ja if posed.language == "ja" else question.en
        planned = PlannedStep(number=1, sub_question=sub_question, query=query)
        answering.steps.append(await answering.retrieve(planned))
        async for event in answering.conclude():
            yield event

    async def _form_reply(self, posed: Question, name: FormName, answer: Answer) -> str:
        form = FORMS[name]
        prompt = FormPrompt(
            question=posed,
            steps=answer.steps,
            answer=answer.text,
            form=form.title(posed.language),
            fields={field.name: field.label(posed.language) for field in form.fields},
            rows=rows_schema(form),
            grounded=self.plan.arm != "none",
        )
        asking = Answering("form", posed, self.retriever, self.generator, self.budget)
        return (await asking.ask(prompt, self.budget.answer_tokens)).text

    def _diagnosis(self, handed: Mapping[str, str]) -> str | None:
        """The newest handed answer that names diagnoses."""
        naming = [
            question.question_id
            for stage in self.protocol.stages
            for question in stage.questions
            if question.form in ("differential", "diagnosis") and question.question_id in handed
        ]
        return handed[naming[-1]] if naming else None


def _stopped(error: GenerationError) -> StepError:
    return StepError(code=error.code, ja=error.ja, en=error.en)
